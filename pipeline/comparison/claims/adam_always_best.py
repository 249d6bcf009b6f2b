"""The question of the study: Adam is always the best choice."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.comparison import decisions, verdict_wording
from pipeline.comparison.measures import TEST_ACCURACY
from pipeline.comparison.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.decisions import Tested
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

ID = "adam_always_best"
TITLE = "Adam is always the best choice"
QUOTE = "Is Adam always the best choice?"
RULE = (
    "Adam's test accuracy is compared with that of every other optimizer on every problem. One clear loss refutes "
    "'always': Holm's p over all comparisons of that problem is at most alpha, and the whole 95 % interval of the "
    "difference lies beyond the accuracy margin. (Demanding the whole interval makes up for asking on several "
    "problems.) Supported, on these problems only: on each of them Adam is better than or alike to every other "
    "optimizer, and somewhere better. Alike to all of them is no meaningful difference. Anything else is "
    "inconclusive. A study can refute 'always'; it can never prove it."
)
NEEDS = ("test accuracy of Adam and of at least one other optimizer on one problem",)
_NAMED = 3


def judge(evidence: Evidence) -> Verdict:
    """Judge the claim on all problems."""
    pairs = [pair for problem in evidence.problems for pair in evidence.against_all(problem, "adam", TEST_ACCURACY)]
    alpha = evidence.settings.alpha
    decision = decisions.first_of_all(pairs, alpha, clear=True)
    if decision.outcome is Outcome.REFUTED:
        decision = replace(decision, note=_losses(decisions.clear_losses(pairs, alpha), evidence))
    return verdict_wording.verdict(
        ID,
        RULE,
        decision,
        evidence,
        [pair.a.problem for pair in pairs if pair.found],
        yes="On these problems nothing beat Adam, which does not prove 'always'",
        no="Adam is not always the best choice",
    )


def _losses(losses: Sequence[Tested], evidence: Evidence) -> str:
    """Return who beat Adam clearly, problem by problem, the largest losses first."""
    parts = []
    for problem, group in groupby(losses, key=lambda loss: loss.pair.a.problem):
        ordered = sorted(group, key=lambda loss: loss.size)
        named = ", ".join(evidence.label(loss.pair.b.optimizer) for loss in ordered[:_NAMED])
        more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
        parts.append(f"on {evidence.title(problem)} by {named}{more}")
    return f"clearly beaten {'; '.join(parts)}"
