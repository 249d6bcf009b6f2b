"""Adam is best on training data but does not hold it on test data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import GAP, TRAIN_LOSS

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "adam_overfits"
TITLE = "Adam is best on training data but does not hold it on test data"
QUOTE = "Adam is best on the training data, but does not hold this on test data."
RULE = (
    "Against every optimizer that is not adaptive, on cifar10_longer (the longest training), or on the study's "
    "first problem where that is absent. Two parts, and both must hold against each of them: Adam's final training "
    "loss is lower, and Adam's generalization gap (training minus test accuracy) is larger. Supported if all these "
    "differences are significant and beyond their margins (loss, accuracy); refuted if any goes significantly the "
    "other way (Holm over all); no meaningful difference if the rest hold and one or more are within the margin; "
    "otherwise inconclusive."
)
NEEDS = ("final training loss and generalization gap of Adam and of an optimizer that is not adaptive",)


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cifar10_longer, or on the study's first problem."""
    problem = evidence.problem("cifar10_longer")
    others = evidence.roster(problem, evidence.settings.not_adaptive)
    if not others:
        return verdict_wording.not_tested(ID, RULE, f"no optimizer on {problem} that is not adaptive")
    pairs = [evidence.pair(problem, "adam", other, TRAIN_LOSS) for other in others]
    pairs += [evidence.pair(problem, other, "adam", GAP) for other in others]
    return verdict_wording.verdict(
        ID,
        RULE,
        decisions.every(pairs, evidence.settings.alpha),
        evidence,
        [problem],
        yes="Adam fits the training data better and loses more of it on test data",
        no="Adam does not both fit the training data best and lose more of it on test data",
    )
