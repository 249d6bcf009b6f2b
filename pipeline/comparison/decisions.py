"""From tested pairs to an outcome: the rules that several claims share.

Every pair is put the way the claim says it: ``a`` is claimed to be better than ``b``.

A claim is an announced question of its own, so its tests are one family: where any one of them could refute it,
Holm's correction over all of them holds; where all must agree to support it, no correction is needed, because
the largest p is already that of "at least one of them is no difference".

References
----------
Berger (1982), "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24 (the
intersection-union test).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.comparison.compare import corrected_together
from pipeline.comparison.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.pairs import Pair

_OF_ONE = {
    "better": Outcome.SUPPORTED,
    "worse": Outcome.REFUTED,
    "no meaningful difference": Outcome.NO_MEANINGFUL_DIFFERENCE,
    "inconclusive": Outcome.INCONCLUSIVE,
    "not tested": Outcome.NOT_TESTED,
}


@dataclass(frozen=True, slots=True)
class Tested:
    """A pair within its family.

    Attributes
    ----------
    pair
        The comparison.
    p
        Holm's p within the family; None where not tested.
    family
        How many tests the family has.
    """

    pair: Pair
    p: float | None
    family: int

    @property
    def raw_p(self) -> float:
        """The p before correction, 1 where there is none."""
        return self.pair.found.p if self.pair.found else 1.0

    def outcome(self, alpha: float, *, corrected: bool = True) -> str:
        """Return better, worse, no meaningful difference, inconclusive or not tested."""
        found = self.pair.found
        if found is None or self.p is None:
            return "not tested"
        return found.outcome(self.p if corrected else found.p, alpha)

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
    """An outcome and what decided it.

    Attributes
    ----------
    outcome
        Of the claim.
    decisive
        The pair whose numbers are shown; None where nothing was tested.
    p
        The p to be shown with it.
    test
        How that p was found.
    note
        What else a reader must know; a clause without a full stop, or empty.
    missing
        Why a comparison that alone stands in the way could not be made; empty where it is not that.
    """

    outcome: Outcome
    decisive: Tested | None = None
    p: float | None = None
    test: str = ""
    note: str = ""
    missing: str = ""


def family(pairs: Sequence[Pair], *, by_problem: bool = False) -> list[Tested]:
    """Correct the p of pairs together: all of them, or (`by_problem`) those of each problem."""
    groups = (
        [list(group) for _, group in groupby(pairs, key=lambda pair: pair.a.problem)] if by_problem else [list(pairs)]
    )
    return [
        Tested(pair, p, sum(other.found is not None for other in group))
        for group in groups
        for pair, p in zip(group, corrected_together(group), strict=True)
    ]


def one(pair: Pair, alpha: float) -> Decision:
    """Decide by a single pair."""
    tested = family([pair])[0]
    if tested.p is None:
        return Decision(Outcome.NOT_TESTED, note=pair.reason)
    return Decision(_OF_ONE[tested.outcome(alpha)], tested, tested.p, how(tested))


def every(pairs: Sequence[Pair], alpha: float) -> Decision:
    """Decide a claim that needs every pair.

    Refuted where any pair is worse (Holm), supported where all are better, no meaningful difference where all
    are better or alike, not tested where one could not be tested and none refutes, otherwise inconclusive.
    """
    members = family(pairs)
    refuted = _refuted([member for member in members if member.outcome(alpha) == "worse"])
    missing = [member.pair.reason for member in members if member.p is None]
    if refuted is None and missing:
        return Decision(Outcome.NOT_TESTED, note=missing[0])
    return refuted or _all_agree(members, alpha, tie=Outcome.NO_MEANINGFUL_DIFFERENCE)


def first_of_all(pairs: Sequence[Pair], alpha: float, *, clear: bool = False) -> Decision:
    """Decide a claim that `a` comes first among many, where sharing the first place is allowed.

    Refuted where any pair is worse (Holm; with `clear`, over each problem's pairs, and the whole interval beyond
    the margin); supported where every pair is better or alike and one is better; no meaningful difference where
    all are alike; not tested where nothing was tested; otherwise inconclusive.
    """
    members = family(pairs, by_problem=clear)
    tested = [member for member in members if member.p is not None]
    if not tested:
        return Decision(Outcome.NOT_TESTED, note=members[0].pair.reason if members else "nobody to compare")
    worse = [member for member in tested if member.outcome(alpha) == "worse"]
    decision = _refuted(clear_losses(pairs, alpha) if clear else worse) or _all_agree(
        members, alpha, tie=Outcome.SUPPORTED
    )
    return replace(decision, note=_tally(members, alpha))


def clear_losses(pairs: Sequence[Pair], alpha: float) -> list[Tested]:
    """Return the pairs that are worse (Holm over each problem's pairs) with the whole interval beyond the margin."""
    members = family(pairs, by_problem=True)
    return [member for member in members if member.outcome(alpha) == "worse" and member.clear]


def somewhere(pairs: Sequence[Pair], alpha: float) -> Decision:
    """Decide a claim by one pair a problem: better on at least one and worse on none supports it.

    Worse on at least one and better on none refutes it; alike on all is no meaningful difference; not tested
    where no problem could be tested; otherwise inconclusive.
    """
    members = [member for member in family(pairs) if member.p is not None]
    if not members:
        return Decision(Outcome.NOT_TESTED, note=pairs[0].reason if pairs else "no such problem")
    found = {member.outcome(alpha) for member in members}
    outcome = Outcome.INCONCLUSIVE
    if found == {"no meaningful difference"}:
        outcome = Outcome.NO_MEANINGFUL_DIFFERENCE
    elif found >= {"better"} and "worse" not in found:
        outcome = Outcome.SUPPORTED
    elif found >= {"worse"} and "better" not in found:
        outcome = Outcome.REFUTED
    decisive = min(members, key=lambda member: (member.p, -abs(member.size)))
    return Decision(outcome, decisive, decisive.p, how(decisive), _tally(members, alpha))


def _refuted(worse: Sequence[Tested]) -> Decision | None:
    if not worse:
        return None
    decisive = min(worse, key=lambda member: (member.p, member.size))
    return Decision(Outcome.REFUTED, decisive, decisive.p, how(decisive))


def _all_agree(members: Sequence[Tested], alpha: float, *, tie: Outcome) -> Decision:
    """Decide where nothing refutes; `tie` is the outcome where some pairs are better and the others alike."""
    outcomes = [member.outcome(alpha, corrected=False) for member in members]
    better = [member for member, outcome in zip(members, outcomes, strict=True) if outcome == "better"]
    if set(outcomes) <= {"better", "no meaningful difference"}:
        alike = [member for member in members if member not in better]
        outcome = _agreed(len(better), len(alike), tie)
        shown = better if outcome is Outcome.SUPPORTED else alike
        decisive = max(shown, key=lambda member: (member.raw_p, -member.size))
        return Decision(outcome, decisive, decisive.raw_p, _intersection(decisive, len(members)))
    open_ones = [
        member for member, outcome in zip(members, outcomes, strict=True) if outcome in ("inconclusive", "worse")
    ]
    tested = [member for member in members if member.p is not None]
    decisive = min(open_ones or tested, key=lambda member: member.size)
    missing = "" if open_ones else next(member.pair.reason for member in members if member.p is None)
    return Decision(Outcome.INCONCLUSIVE, decisive, decisive.p, how(decisive), missing=missing)


def _agreed(better: int, alike: int, tie: Outcome) -> Outcome:
    if alike == 0:
        return Outcome.SUPPORTED
    return tie if better else Outcome.NO_MEANINGFUL_DIFFERENCE


def _tally(members: Sequence[Tested], alpha: float) -> str:
    """Return how the pairs came out, in words."""
    counts = Counter(member.outcome(alpha) for member in members)
    names = ("better", "worse", "no meaningful difference", "inconclusive", "not tested")
    found = ", ".join(f"{counts[name]} {name}" for name in names if counts[name])
    reasons = [member.pair.reason for member in members if member.pair.reason]
    return f"of {len(members)} comparisons: {found}" + (f" ({reasons[0]})" if reasons else "")


def how(tested: Tested) -> str:
    """Say how a corrected p was found."""
    found = tested.pair.found
    pairs = f"sign-flip test of {found.pairs} seeds" if found else ""
    return f"{pairs}, Holm over {tested.family}" if tested.family > 1 else pairs


def _intersection(tested: Tested, members: int) -> str:
    found = tested.pair.found
    pairs = f"sign-flip test of {found.pairs} seeds" if found else ""
    return f"{pairs}, the largest p of {members} that must all agree" if members > 1 else pairs
