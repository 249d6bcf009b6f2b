"""With little data SGD beats Adam."""

from __future__ import annotations

from pipeline.comparison.claim import Claim, by_pairs, only_on
from pipeline.comparison.decisions import one
from pipeline.comparison.measures import TEST_ACCURACY

CLAIM = Claim(
    title="With little data SGD beats Adam",
    quote="With little data SGD beats Adam.",
    rule=(
        "Plain SGD's test accuracy against Adam's on cats_dogs (1,000 training images), and on no other problem. "
        "Within the accuracy margin is no meaningful difference; otherwise a p of at most alpha supports or refutes "
        "the claim by the sign of the difference, and a larger one leaves it inconclusive."
    ),
    needs=("problem cats_dogs: test accuracy of SGD and Adam",),
    find=by_pairs(
        only_on("cats_dogs", ("sgd", "adam", TEST_ACCURACY)),
        one,
        yes="With little data SGD is better",
        no="With little data Adam is better",
    ),
)
