"""Adagrad slows training down, Adadelta less so."""

from __future__ import annotations

from pipeline.comparison.claim import Claim, by_pairs, on
from pipeline.comparison.decisions import every
from pipeline.comparison.measures import IMAGES_TO_LOSS

CLAIM = Claim(
    title="Adagrad slows training down, Adadelta less so",
    quote="Adagrad slows training down, Adadelta less so.",
    rule=(
        "Training images until the target training loss on the main problem. Two parts, and both must hold: Adagrad "
        "needs more of them than Adam, and Adadelta needs fewer than Adagrad. Supported if both differences are "
        "significant and beyond the speed margin; refuted if either goes significantly the other way (Holm over the "
        "two); no meaningful difference if one holds and the other is within the margin, or both are; otherwise "
        "inconclusive."
    ),
    needs=("images until a target training loss, of Adagrad, Adadelta and Adam",),
    find=by_pairs(
        on("cifar10", ("adam", "adagrad", IMAGES_TO_LOSS), ("adadelta", "adagrad", IMAGES_TO_LOSS)),
        every,
        yes="Adagrad is slower than Adam, and Adadelta faster than Adagrad",
        no="Adagrad is no slower than Adam, or Adadelta is slower still",
    ),
)
