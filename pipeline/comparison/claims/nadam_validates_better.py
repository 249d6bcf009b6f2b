"""NAdam reaches better validation accuracy than Adam."""

from __future__ import annotations

from pipeline.comparison.claim import Claim, by_pairs, on
from pipeline.comparison.decisions import one
from pipeline.comparison.measures import VALIDATION_ACCURACY

CLAIM = Claim(
    title="NAdam validates better than Adam",
    quote="NAdam reaches better validation accuracy than Adam.",
    rule=(
        "NAdam's validation accuracy after the last epoch against Adam's on the main problem. Within the accuracy "
        "margin is no meaningful difference; otherwise a p of at most alpha supports or refutes the claim by the sign "
        "of the difference, and a larger one leaves it inconclusive."
    ),
    needs=("validation accuracy of NAdam and Adam",),
    find=by_pairs(
        on("cifar10", ("nadam", "adam", VALIDATION_ACCURACY)),
        one,
        yes="NAdam validates better",
        no="NAdam validates worse",
    ),
)
