"""SGD needs longer but ends at a lower loss."""

from __future__ import annotations

from pipeline.comparison.claim import Claim, by_pairs, on
from pipeline.comparison.decisions import every
from pipeline.comparison.measures import IMAGES_TO_LOSS, TRAIN_LOSS

CLAIM = Claim(
    title="SGD needs longer but ends at a lower loss",
    quote="SGD needs longer, but ends at a lower loss.",
    rule=(
        "On cifar10_longer, or on the study's first problem where that is absent. Two parts, and both must hold: Adam "
        "reaches the target training loss with fewer images than SGD, and SGD's training loss after the last epoch is "
        "lower than Adam's. Supported if both differences are significant and beyond their margins (speed, loss); "
        "refuted if either goes significantly the other way (Holm over the two); no meaningful difference if one holds "
        "and the other is within its margin, or both are; otherwise inconclusive."
    ),
    needs=("images until a target training loss, and final training loss, of SGD and Adam",),
    find=by_pairs(
        on("cifar10_longer", ("sgd", "adam", TRAIN_LOSS), ("adam", "sgd", IMAGES_TO_LOSS)),
        every,
        yes="SGD takes longer and ends lower",
        no="SGD does not both take longer and end lower",
    ),
)
