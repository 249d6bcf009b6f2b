"""From tested pairs to a verdict: the rules that several claims share; ``a`` is claimed to be better than ``b``.

The tests of a claim are one family: where any one of them could refute it, Holm's correction over all of them holds;
where all must agree to support it, no correction is needed, because the largest p is already that of "at least one of
them is no difference" (the intersection-union test; Berger 1982, Technometrics 24).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.statistics.paired import holm_of_tested

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Pair


class VerdictKind(StrEnum):
    """The possible verdicts on a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    NO_MEANINGFUL_DIFFERENCE = "no meaningful difference"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not tested"


BETTER, WORSE, ALIKE, OPEN, NOT_TESTED = "better", "worse", "no meaningful difference", "inconclusive", "not tested"
_OF_ONE = {
    BETTER: VerdictKind.SUPPORTED,
    WORSE: VerdictKind.REFUTED,
    ALIKE: VerdictKind.NO_MEANINGFUL_DIFFERENCE,
    OPEN: VerdictKind.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True)
class Tested:
    """A pair within its family of so many tests; `p` is Holm's within the family, None where it was not tested."""

    pair: Pair
    p: float | None
    family: int

    @property
    def raw_p(self) -> float:
        """The p before correction, 1 where there is none."""
        return self.pair.found.p if self.pair.found else 1.0

    def conclusion(self, alpha: float, *, corrected: bool = True) -> str:
        """Return better, worse, no meaningful difference, inconclusive or not tested."""
        found = self.pair.found
        if found is None or self.p is None:
            return NOT_TESTED
        return found.conclusion(self.p if corrected else found.p, alpha)

    @property
    def size(self) -> float:
        """The difference in margins, positive where `a` is better."""
        found = self.pair.found
        if found is None or not found.margin:
            return 0.0
        return (1 if found.higher_is_better else -1) * found.difference / found.margin

    @property
    def clear(self) -> bool:
        """Whether the whole interval of the difference lies beyond the margin, on either side."""
        found = self.pair.found
        if found is None or not found.margin or found.interval.low is None or found.interval.high is None:
            return False
        return found.interval.low > found.margin or found.interval.high < -found.margin


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the pair whose numbers are shown, None where nothing was tested; `test` says how `p` was found.

    `note` is what else a reader must know, a clause without a full stop. `missing` is why a comparison that alone is
    in the way could not be made; empty where it is not that.
    """

    kind: VerdictKind
    decisive: Tested | None = None
    p: float | None = None
    test: str = ""
    note: str = ""
    missing: str = ""


def decided_by(kind: VerdictKind, decisive: Tested, note: str = "") -> Decision:
    """Return a decision with the corrected p of the pair that decided it."""
    return Decision(kind, decisive, decisive.p, _test(decisive, f"Holm over {decisive.family}", decisive.family), note)


def untested(reason: str) -> Decision:
    """Return the decision where nothing was tested."""
    return Decision(VerdictKind.NOT_TESTED, note=reason)


def family(pairs: Sequence[Pair], *, by_problem: bool = False) -> list[Tested]:
    """Correct the p of pairs together: all of them, or (`by_problem`) those of each problem."""
    groups = [list(pairs)]
    if by_problem:
        groups = [list(group) for _, group in groupby(pairs, key=lambda pair: pair.a.problem)]
    return [
        Tested(pair, p, sum(other.found is not None for other in group))
        for group in groups
        for pair, p in zip(group, holm_of_tested([pair.found for pair in group]), strict=True)
    ]


def one(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    """Decide by a single pair."""
    (tested,) = family(pairs)
    if tested.p is None:
        return untested(tested.pair.reason)
    return decided_by(_OF_ONE[tested.conclusion(evidence.settings.alpha)], tested)


def every(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    """Decide a claim that needs every pair: refuted where any is worse (Holm), supported where all are better.

    No meaningful difference where all are better or alike, not tested where one could not be tested and none refutes.
    """
    members, alpha = family(pairs), evidence.settings.alpha
    refuted = _refuted([member for member in members if member.conclusion(alpha) == WORSE])
    missing = [member.pair.reason for member in members if member.p is None]
    if refuted is None and missing:
        return untested(missing[0])
    return refuted or _all_agree(members, alpha, tie=VerdictKind.NO_MEANINGFUL_DIFFERENCE)


def first_of_all(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    """Decide a claim that `a` comes first among many: refuted where any pair is worse (Holm).

    Supported where every pair is better or alike and one is better, no meaningful difference where all are alike.
    """
    members, alpha = family(pairs), evidence.settings.alpha
    return _first(members, [member for member in members if member.conclusion(alpha) == WORSE], alpha)


def first_everywhere(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    """Decide as `first_of_all` over many problems: Holm over each problem's pairs, and only clear losses refute."""
    return _first(family(pairs, by_problem=True), clear_losses(pairs, evidence), evidence.settings.alpha)


def clear_losses(pairs: Sequence[Pair], evidence: Evidence) -> list[Tested]:
    """Return the pairs that are worse (Holm over each problem's pairs) with the whole interval beyond the margin."""
    members = family(pairs, by_problem=True)
    return [member for member in members if member.conclusion(evidence.settings.alpha) == WORSE and member.clear]


def somewhere(pairs: Sequence[Pair], evidence: Evidence) -> Decision:
    """Decide by a pair per problem: supported if better on at least one and worse on none, refuted the other way round.

    Alike on all is no meaningful difference.
    """
    alpha = evidence.settings.alpha
    members = [member for member in family(pairs) if member.p is not None]
    if not members:
        return untested(pairs[0].reason)
    found = {member.conclusion(alpha) for member in members}
    kind = VerdictKind.INCONCLUSIVE
    if found == {ALIKE}:
        kind = VerdictKind.NO_MEANINGFUL_DIFFERENCE
    elif found & {BETTER, WORSE} in ({BETTER}, {WORSE}):
        kind = VerdictKind.SUPPORTED if BETTER in found else VerdictKind.REFUTED
    return decided_by(kind, clearest(members), _tally(members, alpha))


def clearest(members: Sequence[Tested]) -> Tested:
    """Return the tested pair with the smallest p, on a tie the one with the largest difference."""
    return min(members, key=lambda member: (member.p, -abs(member.size)))


def _test(tested: Tested, correction: str, tests: int) -> str:
    found = tested.pair.found
    test = f"sign-flip test of {found.pairs} seeds" if found else ""
    return f"{test}, {correction}" if tests > 1 else test


def _first(members: Sequence[Tested], losses: Sequence[Tested], alpha: float) -> Decision:
    if all(member.p is None for member in members):
        return untested(members[0].pair.reason)
    decision = _refuted(losses) or _all_agree(members, alpha, tie=VerdictKind.SUPPORTED)
    return replace(decision, note=_tally(members, alpha))


def _refuted(worse: Sequence[Tested]) -> Decision | None:
    if not worse:
        return None
    return decided_by(VerdictKind.REFUTED, min(worse, key=lambda member: (member.p, member.size)))


def _all_agree(members: Sequence[Tested], alpha: float, *, tie: VerdictKind) -> Decision:
    """Decide where nothing refutes; `tie` is the verdict where some pairs are better and the others alike."""
    conclusions = [member.conclusion(alpha, corrected=False) for member in members]

    def those(*wanted: str) -> list[Tested]:
        return [member for member, found in zip(members, conclusions, strict=True) if found in wanted]

    better, alike, undecided = those(BETTER), those(ALIKE), those(OPEN, WORSE)
    if len(better) + len(alike) == len(members):
        kind = VerdictKind.NO_MEANINGFUL_DIFFERENCE
        if better:
            kind = tie if alike else VerdictKind.SUPPORTED
        shown = better if kind is VerdictKind.SUPPORTED else alike
        decisive = max(shown, key=lambda member: (member.raw_p, -member.size))
        test = _test(decisive, f"the largest p of {len(members)} that must all agree", len(members))
        return Decision(kind, decisive, decisive.raw_p, test)
    candidates = undecided or [member for member in members if member.p is not None]
    decision = decided_by(VerdictKind.INCONCLUSIVE, min(candidates, key=lambda member: member.size))
    return decision if undecided else replace(decision, missing=those(NOT_TESTED)[0].pair.reason)


def _tally(members: Sequence[Tested], alpha: float) -> str:
    """Return how many pairs had each conclusion, in words."""
    counts = Counter(member.conclusion(alpha) for member in members)
    found = ", ".join(f"{counts[name]} {name}" for name in (BETTER, WORSE, ALIKE, OPEN, NOT_TESTED) if counts[name])
    reasons = [member.pair.reason for member in members if member.pair.reason]
    return f"of {len(members)} comparisons: {found}" + (f" ({reasons[0]})" if reasons else "")
