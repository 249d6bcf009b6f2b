"""SGD needs longer but ends at a lower loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import IMAGES_TO_LOSS, TRAIN_LOSS

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "sgd_ends_lower"
TITLE = "SGD needs longer but ends at a lower loss"
QUOTE = "SGD needs longer, but ends at a lower loss."
RULE = (
    "On cifar10_longer, or on the study's first problem where that is absent. Two parts, and both must hold: Adam "
    "reaches the target training loss with fewer images than SGD, and SGD's training loss after the last epoch is "
    "lower than Adam's. Supported if both differences are significant and beyond their margins (speed, loss); "
    "refuted if either goes significantly the other way (Holm over the two); no meaningful difference if one holds "
    "and the other is within its margin, or both are; otherwise inconclusive."
)
NEEDS = ("images until a target training loss, and final training loss, of SGD and Adam",)


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cifar10_longer, or on the study's first problem."""
    problem = evidence.problem("cifar10_longer")
    pairs = [
        evidence.pair(problem, "sgd", "adam", TRAIN_LOSS),
        evidence.pair(problem, "adam", "sgd", IMAGES_TO_LOSS),
    ]
    decision = decisions.every(pairs, evidence.settings.alpha)
    return verdict_wording.verdict(
        ID,
        RULE,
        decision,
        evidence,
        [problem],
        yes="SGD takes longer and ends lower",
        no="SGD does not both take longer and end lower",
    )
