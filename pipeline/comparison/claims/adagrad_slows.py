"""Adagrad slows training down, Adadelta less so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import IMAGES_TO_LOSS

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "adagrad_slows"
TITLE = "Adagrad slows training down, Adadelta less so"
QUOTE = "Adagrad slows training down, Adadelta less so."
RULE = (
    "Training images until the target training loss on the main problem. Two parts, and both must hold: Adagrad "
    "needs more of them than Adam, and Adadelta needs fewer than Adagrad. Supported if both differences are "
    "significant and beyond the speed margin; refuted if either goes significantly the other way (Holm over the "
    "two); no meaningful difference if one holds and the other is within the margin, or both are; otherwise "
    "inconclusive."
)
NEEDS = ("images until a target training loss, of Adagrad, Adadelta and Adam",)


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cifar10, or on the study's first problem."""
    problem = evidence.problem("cifar10")
    pairs = [
        evidence.pair(problem, "adam", "adagrad", IMAGES_TO_LOSS),
        evidence.pair(problem, "adadelta", "adagrad", IMAGES_TO_LOSS),
    ]
    decision = decisions.every(pairs, evidence.settings.alpha)
    return verdict_wording.verdict(
        ID,
        RULE,
        decision,
        evidence,
        [problem],
        yes="Adagrad is slower than Adam, and Adadelta faster than Adagrad",
        no="Adagrad is no slower than Adam, or Adadelta is slower still",
    )
