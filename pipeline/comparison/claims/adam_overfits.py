"""Adam is best on training data but does not hold it on test data."""

from __future__ import annotations

from pipeline.comparison.claim import Claim, Group, by_pairs, on
from pipeline.comparison.decisions import every
from pipeline.comparison.measures import GAP, TRAIN_LOSS

CLAIM = Claim(
    title="Adam is best on training data but does not hold it on test data",
    quote="Adam is best on the training data, but does not hold this on test data.",
    rule=(
        "Against every optimizer that is not adaptive, on cifar10_longer (the longest training), or on the study's "
        "first problem where that is absent. Two parts, and both must hold against each of them: Adam's final training "
        "loss is lower, and Adam's generalization gap (training minus test accuracy) is larger. Supported if all these "
        "differences are significant and beyond their margins (loss, accuracy); refuted if any goes significantly the "
        "other way (Holm over all); no meaningful difference if the rest hold and one or more are within the margin; "
        "otherwise inconclusive."
    ),
    needs=("final training loss and generalization gap of Adam and of an optimizer that is not adaptive",),
    find=by_pairs(
        on("cifar10_longer", ("adam", Group.NOT_ADAPTIVE, TRAIN_LOSS), (Group.NOT_ADAPTIVE, "adam", GAP)),
        every,
        yes="Adam fits the training data better and loses more of it on test data",
        no="Adam does not both fit the training data best and lose more of it on test data",
    ),
)
