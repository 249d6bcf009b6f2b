"""With little data SGD beats Adam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import TEST_ACCURACY

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "small_data_favours_sgd"
TITLE = "With little data SGD beats Adam"
QUOTE = "With little data SGD beats Adam."
RULE = (
    "Plain SGD's test accuracy against Adam's on cats_dogs (1,000 training images), and on no other problem. "
    "Within the accuracy margin is no meaningful difference; otherwise a p of at most alpha supports or refutes "
    "the claim by the sign of the difference, and a larger one leaves it inconclusive."
)
NEEDS = ("problem cats_dogs: test accuracy of SGD and Adam",)
PROBLEM = "cats_dogs"


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cats_dogs."""
    decision = decisions.one(evidence.pair(PROBLEM, "sgd", "adam", TEST_ACCURACY), evidence.settings.alpha)
    return verdict_wording.verdict(
        ID,
        RULE,
        decision,
        evidence,
        [PROBLEM],
        yes="With little data SGD is better",
        no="With little data Adam is better",
    )
