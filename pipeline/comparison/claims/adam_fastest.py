"""Adam converges fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import IMAGES_TO_ACCURACY, IMAGES_TO_LOSS

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "adam_fastest"
TITLE = "Adam converges fastest"
QUOTE = "Adam converges fastest."
RULE = (
    "On the main problem, Adam is compared with every other optimizer by the number of training images until two "
    "targets, a training loss and a validation accuracy, both fixed beforehand. Refuted if any optimizer reaches "
    "either target with significantly fewer images (Holm over all these comparisons) and not within the speed "
    "margin. Supported if Adam is faster than or alike to every other one on both targets, and faster than at "
    "least one. Alike to all is no meaningful difference; anything else is inconclusive."
)
NEEDS = ("images until a target training loss and a target validation accuracy, of Adam and of others",)


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cifar10, or on the study's first problem."""
    problem = evidence.problem("cifar10")
    pairs = [
        pair
        for measure in (IMAGES_TO_LOSS, IMAGES_TO_ACCURACY)
        for pair in evidence.against_all(problem, "adam", measure)
    ]
    decision = decisions.first_of_all(pairs, evidence.settings.alpha)
    return verdict_wording.verdict(
        ID,
        RULE,
        decision,
        evidence,
        [problem],
        yes="Nothing converges faster than Adam",
        no="Adam is not the fastest",
    )
