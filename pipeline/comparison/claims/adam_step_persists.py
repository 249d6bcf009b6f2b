"""Unlike Adagrad's, Adam's effective step does not die out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import STEP_LEFT

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "adam_step_persists"
TITLE = "Adam's effective step does not die out"
QUOTE = "Unlike Adagrad's, Adam's effective step does not die out."
RULE = (
    "A training's share of the early step is the mean size of its updates in the last quarter over that in the "
    "first quarter. Two parts, and both must hold on the main problem: Adam keeps a larger share than Adagrad, and "
    "Adam's share is above the one below which a step counts as died out. Supported if both differences are "
    "significant and beyond the step margin; refuted if either goes significantly the other way (Holm over the "
    "two); no meaningful difference if one holds and the other is within the margin, or both are; otherwise "
    "inconclusive."
)
NEEDS = ("size of the updates of Adam and Adagrad over the training",)


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cifar10, or on the study's first problem."""
    problem = evidence.problem("cifar10")
    threshold = evidence.settings.margins.step_left
    pairs = [
        evidence.pair(problem, "adam", "adagrad", STEP_LEFT),
        evidence.against(problem, "adam", threshold, "a step that counts as died out", STEP_LEFT),
    ]
    decision = decisions.every(pairs, evidence.settings.alpha)
    return verdict_wording.verdict(
        ID,
        RULE,
        decision,
        evidence,
        [problem],
        yes="Adam's step goes on while Adagrad's shrinks more",
        no="Adam's step does die out, or more so than Adagrad's",
    )
