"""Momentum and Nesterov converge easier and faster than plain SGD."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import IMAGES_TO_LOSS
from pipeline.comparison.verdict import Outcome

if TYPE_CHECKING:
    from pipeline.comparison.decisions import Decision
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "momentum_beats_sgd"
TITLE = "Momentum and Nesterov converge easier and faster than plain SGD"
QUOTE = "Momentum and Nesterov converge easier and faster than plain SGD."
RULE = (
    "Faster decides: both momentum and Nesterov must reach the target training loss on the main problem with fewer "
    "images than plain SGD, significantly and beyond the speed margin. Refuted if SGD is significantly faster than "
    "either (Holm over the two); no meaningful difference if one is faster and the other within the margin, or both "
    "are within it. Easier is the range of good learning rates, known from one tuning seed only, so it cannot "
    "support the claim; but where it is narrower than SGD's for both, by more than the tolerance margin, a "
    "supported claim becomes inconclusive."
)
NEEDS = ("images until a target training loss, of SGD, SGD + momentum and SGD + Nesterov",)
_MOMENTUM = ("momentum", "nesterov")


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on cifar10, or on the study's first problem."""
    problem = evidence.problem("cifar10")
    pairs = [evidence.pair(problem, name, "sgd", IMAGES_TO_LOSS) for name in _MOMENTUM]
    decision = _with_ease(decisions.every(pairs, evidence.settings.alpha), evidence, problem)
    return verdict_wording.verdict(
        ID,
        RULE,
        decision,
        evidence,
        [problem],
        yes="Momentum and Nesterov are both faster than plain SGD",
        no="Momentum or Nesterov is slower than plain SGD",
    )


def _with_ease(decision: Decision, evidence: Evidence, problem: str) -> Decision:
    """Add what the learning-rate searches say of "easier"."""
    if decision.decisive is None:
        return decision
    plain, *others = (evidence.tolerance(problem, name) for name in ("sgd", *_MOMENTUM))
    if plain is None or any(other is None for other in others):
        return replace(decision, note="the range of good learning rates is unknown")
    ranges = [other.decades for other in others if other is not None and not other.open]
    note = (
        f"decades of good learning rates: SGD {plain.decades:.2g}, "
        f"others {' and '.join(f'{other.decades:.2g}' for other in others if other is not None)}"
    )
    margin = evidence.settings.margins.tolerance
    harder = len(ranges) == len(others) and plain.decades > max(ranges) + margin
    if harder and decision.outcome is Outcome.SUPPORTED:
        return replace(decision, outcome=Outcome.INCONCLUSIVE, note=f"faster but not easier; {note}")
    return replace(decision, note=note)
