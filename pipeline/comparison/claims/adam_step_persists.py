"""Unlike Adagrad's, Adam's effective step does not die out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison.claim import Claim, by_pairs
from pipeline.comparison.decisions import every
from pipeline.comparison.measures import STEP_LEFT

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Pair


def _pairs(evidence: Evidence) -> list[Pair]:
    problem, died_out = evidence.problem("cifar10"), evidence.settings.margins.step_left
    return [
        evidence.pair(problem, "adam", "adagrad", STEP_LEFT),
        evidence.against(problem, "adam", died_out, "a step that counts as died out", STEP_LEFT),
    ]


CLAIM = Claim(
    title="Adam's effective step does not die out",
    quote="Unlike Adagrad's, Adam's effective step does not die out.",
    rule=(
        "A training's share of the early step is the mean size of its updates in the last quarter over that in the "
        "first quarter. Two parts, and both must hold on the main problem: Adam keeps a larger share than Adagrad, and "
        "Adam's share is above the one below which a step counts as died out. Supported if both differences are "
        "significant and beyond the step margin; refuted if either goes significantly the other way (Holm over the "
        "two); no meaningful difference if one holds and the other is within the margin, or both are; otherwise "
        "inconclusive."
    ),
    needs=("size of the updates of Adam and Adagrad over the training",),
    find=by_pairs(
        _pairs,
        every,
        yes="Adam's step goes on while Adagrad's shrinks more",
        no="Adam's step does die out, or more so than Adagrad's",
    ),
)
