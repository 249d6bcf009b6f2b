"""NAdam reaches better validation accuracy than Adam."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import VALIDATION_ACCURACY

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "nadam_validates_better"
TITLE = "NAdam validates better than Adam"
QUOTE = "NAdam reaches better validation accuracy than Adam."
RULE = (
    "NAdam's validation accuracy after the last epoch against Adam's on the main problem. Within the accuracy "
    "margin is no meaningful difference; otherwise a p of at most alpha supports or refutes the claim by the sign "
    "of the difference, and a larger one leaves it inconclusive."
)
NEEDS = ("validation accuracy of NAdam and Adam",)


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cifar10, or on the study's first problem."""
    problem = evidence.problem("cifar10")
    decision = decisions.one(evidence.pair(problem, "nadam", "adam", VALIDATION_ACCURACY), evidence.settings.alpha)
    return verdict_wording.verdict(
        ID,
        RULE,
        decision,
        evidence,
        [problem],
        yes="NAdam validates better",
        no="NAdam validates worse",
    )
