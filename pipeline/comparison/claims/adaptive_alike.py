"""Adam, RMSprop and Adadelta mostly perform alike."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, groupby
from typing import TYPE_CHECKING

from pipeline.comparison.claim import Claim, by_pairs
from pipeline.comparison.decisions import ALIKE, BETTER, WORSE, VerdictKind, clearest, decided_by, family, untested
from pipeline.comparison.measures import TEST_ACCURACY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.decisions import Decision
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Pair

OPTIMIZERS = ("adam", "rmsprop", "adadelta")


def _pairs(evidence: Evidence) -> list[Pair]:
    """Return the three pairs of every problem where all can be compared, of all problems where there is none."""
    margin = evidence.settings.margins.alike
    by_problem = [
        [evidence.pair(problem, *names, TEST_ACCURACY, margin) for names in combinations(OPTIMIZERS, 2)]
        for problem in evidence.problems
    ]
    complete = [pairs for pairs in by_problem if all(pair.found for pair in pairs)]
    return [pair for pairs in complete or by_problem for pair in pairs]


def _mostly_alike(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    missing = [pair.reason for pair in pairs if pair.found is None]
    if missing:
        return untested(missing[0])
    members, alpha = family(pairs), evidence.settings.alpha
    problems = [list(group) for _, group in groupby(members, key=lambda member: member.pair.a.problem)]
    found = [{member.conclusion(alpha) for member in group} for group in problems]
    alike = sum(conclusions == {ALIKE} for conclusions in found)
    different = sum(bool(conclusions & {BETTER, WORSE}) for conclusions in found)
    note = f"of {len(problems)} problems: {alike} alike, {different} different"
    if 2 * alike > len(problems):
        within = [member for member in members if member.conclusion(alpha) == ALIKE]
        decision = decided_by(VerdictKind.SUPPORTED, max(within, key=lambda member: abs(member.size)), note)
        return replace(
            decision, test=f"{decision.test}; it tests a difference, likeness is decided by the 90 % interval"
        )
    kind = VerdictKind.REFUTED if 2 * different > len(problems) else VerdictKind.INCONCLUSIVE
    return decided_by(kind, clearest(members), note)


CLAIM = Claim(
    title="Adam, RMSprop and Adadelta mostly perform alike",
    quote="Adam, RMSprop and Adadelta mostly perform alike.",
    rule=(
        "On every problem where all three can be compared, each of the three pairs is alike (the 90 % interval of the "
        "difference in test accuracy lies within the margin for 'alike'), different (not alike, and Holm's p over all "
        "pairs of all problems is at most alpha) or open. A problem is alike if all three pairs are, and different if "
        "any pair is. 'Mostly': supported if more than half of the problems are alike, refuted if more than half are "
        "different, otherwise inconclusive. (A claim of likeness that is supported *is* no meaningful difference.)"
    ),
    needs=("test accuracy of Adam, RMSprop and Adadelta on one problem",),
    find=by_pairs(
        _pairs,
        _mostly_alike,
        yes="The three mostly perform alike; the widest difference where they do",
        no="The three mostly differ; the clearest difference",
    ),
)
