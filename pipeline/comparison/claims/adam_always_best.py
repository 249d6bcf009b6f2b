"""The question of the study: Adam is always the best choice."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.comparison.claim import Claim, Group, by_pairs, everywhere
from pipeline.comparison.decisions import VerdictKind, clear_losses, first_everywhere
from pipeline.comparison.measures import TEST_ACCURACY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.decisions import Decision, Tested
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Pair

_NAMED = 3


def _first_everywhere(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    decision = first_everywhere(pairs, evidence)
    if decision.kind is not VerdictKind.REFUTED:
        return decision
    return replace(decision, note=_losses(clear_losses(pairs, evidence), evidence))


def _losses(losses: Sequence[Tested], evidence: Evidence) -> str:
    """Return who beat Adam clearly, problem by problem, the largest losses first."""
    parts = []
    for problem, group in groupby(losses, key=lambda loss: loss.pair.a.problem):
        ordered = sorted(group, key=lambda loss: loss.size)
        named = ", ".join(evidence.label(loss.pair.b.optimizer) for loss in ordered[:_NAMED])
        more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
        parts.append(f"on {evidence.title(problem)} by {named}{more}")
    return f"clearly beaten {'; '.join(parts)}"


CLAIM = Claim(
    title="Adam is always the best choice",
    quote="Is Adam always the best choice?",
    rule=(
        "Adam's test accuracy is compared with that of every other optimizer on every problem. One clear loss refutes "
        "'always': Holm's p over all comparisons of that problem is at most alpha, and the whole 95 % interval of the "
        "difference lies beyond the accuracy margin. (Demanding the whole interval makes up for asking on several "
        "problems.) Supported, on these problems only: on each of them Adam is better than or alike to every other "
        "optimizer, and somewhere better. Alike to all of them is no meaningful difference. Anything else is "
        "inconclusive. A study can refute 'always'; it can never prove it."
    ),
    needs=("test accuracy of Adam and of at least one other optimizer on one problem",),
    find=by_pairs(
        everywhere(("adam", Group.EVERY_OTHER, TEST_ACCURACY)),
        _first_everywhere,
        yes="On these problems nothing beat Adam, which does not prove 'always'",
        no="Adam is not always the best choice",
    ),
    is_the_question=True,
)
