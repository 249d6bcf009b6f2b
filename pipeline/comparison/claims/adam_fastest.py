"""Adam converges fastest."""

from __future__ import annotations

from pipeline.comparison.claim import Claim, Group, by_pairs, on
from pipeline.comparison.decisions import first_of_all
from pipeline.comparison.measures import IMAGES_TO_ACCURACY, IMAGES_TO_LOSS

CLAIM = Claim(
    title="Adam converges fastest",
    quote="Adam converges fastest.",
    rule=(
        "On the main problem, Adam is compared with every other optimizer by the number of training images until two "
        "targets, a training loss and a validation accuracy, both fixed beforehand. Refuted if any optimizer reaches "
        "either target with significantly fewer images (Holm over all these comparisons) and not within the speed "
        "margin. Supported if Adam is faster than or alike to every other one on both targets, and faster than at "
        "least one. Alike to all is no meaningful difference; anything else is inconclusive."
    ),
    needs=("images until a target training loss and a target validation accuracy, of Adam and of others",),
    find=by_pairs(
        on("cifar10", ("adam", Group.EVERY_OTHER, IMAGES_TO_LOSS), ("adam", Group.EVERY_OTHER, IMAGES_TO_ACCURACY)),
        first_of_all,
        yes="Nothing converges faster than Adam",
        no="Adam is not the fastest",
    ),
)
