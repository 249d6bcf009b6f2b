"""From tested pairs to a verdict: the rules that claims share; ``a`` is claimed to be better than ``b``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from pipeline.comparison.pairs import ALIKE, BETTER, NOT_TESTED, OPEN, WORSE
from pipeline.project.wording import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.pairs import Tested


class VerdictKind(StrEnum):
    """The possible verdicts on a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    NO_MEANINGFUL_DIFFERENCE = "no meaningful difference"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not tested"


KINDS = {
    BETTER: VerdictKind.SUPPORTED,
    WORSE: VerdictKind.REFUTED,
    ALIKE: VerdictKind.NO_MEANINGFUL_DIFFERENCE,
    OPEN: VerdictKind.INCONCLUSIVE,
    NOT_TESTED: VerdictKind.NOT_TESTED,
}

# how many of those that are better on a problem are named
_NAMED = 4

METHOD = (
    "Two sides are compared seed by seed (same initial weights, same batches); each seed has picked among the "
    "surviving settings by its own validation result, or, for speed and training results, by that quantity itself. "
    "'Better' and 'worse' mean: beyond the margin, by a sign-flip test of the differences shifted by the margin, "
    "corrected for all comparisons of that measure on that problem (step-down max-T) and over the problems of the "
    "claim (Holm), at alpha. 'Alike' means: at least six pairs, and the 95 % interval of the difference (the shifts "
    "that the same test does not reject) lies within the margin on both sides. 'Shown not to be better' means that "
    "this interval ends before the margin. With fewer than six pairs test and interval are Student's. A diverged "
    "seed counts as the worst value. A target that one side missed counts as the longest training of the problem, "
    "and is never alike; a seed in which both missed it is left out. Where the side that is behind picked, in most "
    "seeds, a learning rate on the border of those tried, a comparison stays inconclusive. Several optimizers in the "
    "place of one are taken together as their mean, seed by seed (of the logarithms for images and seconds). "
    "Problems in which nothing could be compared do not count. The margins are those of params.yaml."
)


@dataclass(frozen=True, slots=True)
class Cell:
    """An answer with the comparison that decided it: of one comparison, of a problem, or of a part of a claim.

    `note` is what else a reader must know, a clause; `disagree` that the answer is open because problems disagree.
    """

    outcome: str
    decisive: Tested | None
    not_better: bool = False
    note: str = ""
    disagree: bool = False


Rule: TypeAlias = "Callable[[Sequence[Sequence[Tested]], Evidence], Cell]"


def cell(found: Tested) -> Cell:
    """Return the answer of one comparison."""
    return Cell(found.outcome, found, found.not_better, found.reason)


def most(cells: Sequence[Cell]) -> Cell:
    """Return the answer of more than half, unless one contradicts it.

    Better: more than half are, and none is worse. Alike: more than half are, and none is worse. Worse: one at least is,
    and more than half are shown not to be better. Otherwise open. Those not tested do not count.
    """
    tested = [one for one in cells if one.outcome != NOT_TESTED]
    if not tested:
        return _untested(cells)
    better, worse, alike = (_those(tested, wanted) for wanted in (BETTER, WORSE, ALIKE))
    if 2 * len(better) > len(tested) and not worse:
        return _tipping(better, len(tested))
    if 2 * len(alike) > len(tested) and not worse:
        return _tipping(alike, len(tested))
    if worse and 2 * sum(one.not_better for one in tested) > len(tested):
        return replace(worse[0], not_better=True)
    return _open(tested, better, worse)


def above_the_middle(cells: Sequence[Cell]) -> Cell:
    """Return whether more of the others lie behind `a` than ahead of it.

    Alike: more than half are. Otherwise, where more than half are better, worse or alike: better if `a` is better than
    more of them than it is worse than, worse the other way round. Otherwise open.
    """
    tested = [one for one in cells if one.outcome != NOT_TESTED]
    if not tested:
        return _untested(cells)
    better, worse, alike = (_those(tested, wanted) for wanted in (BETTER, WORSE, ALIKE))
    if 2 * len(alike) > len(tested):
        return _tipping(alike, len(tested))
    decided = len(better) + len(worse) + len(alike)
    if 2 * decided > len(tested) and len(better) != len(worse):
        ahead = better if len(better) > len(worse) else worse
        # the one by which this side is ahead of the other
        return replace(ahead[min(len(better), len(worse))], not_better=ahead is worse)
    return _open(tested, better, worse)


def generally(problems: Sequence[Sequence[Tested]], evidence: Evidence) -> Cell:
    """Decide a claim that holds in general: `most` of the problems, each by `most` of its comparisons."""
    return _over(problems, evidence, [most([cell(found) for found in problem]) for problem in problems])


def generally_above_the_middle(problems: Sequence[Sequence[Tested]], evidence: Evidence) -> Cell:
    """Decide as `generally`, each problem by `above_the_middle`."""
    return _over(problems, evidence, [above_the_middle([cell(found) for found in problem]) for problem in problems])


def somewhere(problems: Sequence[Sequence[Tested]], evidence: Evidence) -> Cell:
    """Decide a claim that some case suffices for.

    Better: one comparison is. Alike: all are. Worse: all are shown not to be better. Otherwise open.
    """
    cells = [cell(found) for problem in problems for found in problem]
    tested = [one for one in cells if one.outcome != NOT_TESTED]
    if not tested:
        return _untested(cells)
    if better := _those(tested, BETTER):
        return replace(better[0], note=_who_where(better, evidence) if len(better) > 1 else "")
    if len(alike := _those(tested, ALIKE)) == len(tested):
        return alike[-1]
    if all(one.not_better for one in tested):
        return Cell(WORSE, max((one.decisive for one in tested if one.decisive), key=_nearest), not_better=True)
    candidates = [one.decisive for one in tested if one.decisive and not one.not_better]
    return Cell(OPEN, max(candidates, key=lambda found: (-found.corrected, found.size)))


def mostly_alike(problems: Sequence[Sequence[Tested]], evidence: Evidence) -> Cell:
    """Decide a claim of likeness, in which some cases may differ.

    A problem is alike if all its comparisons are, different if any is better or worse. Supported (here: better) if more
    than half of the problems are alike, refuted (worse) if more than half are different; otherwise open.
    """
    cells = [[one for one in map(cell, problem) if one.outcome != NOT_TESTED] for problem in problems]
    whole = [own for own, problem in zip(cells, problems, strict=True) if len(own) == len(problem) > 0]
    if not whole:
        return _untested([cell(found) for problem in problems for found in problem])
    alike = [_those(own, ALIKE)[-1] for own in whole if len(_those(own, ALIKE)) == len(own)]
    different = [apart[0] for own in whole if (apart := _those(own, BETTER, WORSE))]
    note = f"of {len(whole)} problems: {len(alike)} alike, {len(different)} different"
    if 2 * len(alike) > len(whole):
        return replace(_tipping(_those(alike, ALIKE), len(whole)), outcome=BETTER, note=note)
    if 2 * len(different) > len(whole):
        return replace(_tipping(_those(different, BETTER, WORSE), len(whole)), outcome=WORSE, note=note)
    undecided = [one for own in whole for one in own if one.outcome == OPEN]
    shown = _open(undecided, [], []) if undecided else different[0]
    return Cell(OPEN, shown.decisive, note=note, disagree=not undecided)


def all_parts(parts: Sequence[Cell]) -> Cell:
    """Decide a claim all parts of which must hold: refuted where one is, supported where all are.

    Alike where each is better or alike and one is alike; not tested where one was not; otherwise open. Decisive is the
    part that decides, of several the one with the largest p.
    """
    for wanted in (WORSE, NOT_TESTED, OPEN, ALIKE):
        if found := [part for part in parts if part.outcome == wanted]:
            return found[0]
    return max(parts, key=lambda part: part.decisive.corrected if part.decisive else 0.0)


def _over(problems: Sequence[Sequence[Tested]], evidence: Evidence, cells: Sequence[Cell]) -> Cell:
    found = most(cells)
    return found if found.outcome == NOT_TESTED else replace(found, note=_tally(problems, cells, evidence))


def _those(cells: Sequence[Cell], *wanted: str) -> list[Cell]:
    """Return the answers of a kind, the clearest first: by p, then by the size of the difference."""
    return sorted((one for one in cells if one.outcome in wanted), key=_clarity)


def _clarity(one: Cell) -> tuple[float, float]:
    found = one.decisive
    if found is None:
        return 1.0, 0.0
    if one.outcome == ALIKE and found.equivalence is not None:
        return found.equivalence, abs(found.size)
    return found.corrected, -abs(found.size)


def _tipping(agreeing: Sequence[Cell], of: int) -> Cell:
    """Return the answer that makes it more than half: the clearest ones counted first."""
    return agreeing[of // 2]


def _open(tested: Sequence[Cell], better: Sequence[Cell], worse: Sequence[Cell]) -> Cell:
    """Return that nothing is decided, with the undecided comparison that lies nearest to an answer."""
    undecided = _those(tested, OPEN)
    if undecided:
        return undecided[0]
    shown = (*worse, *better, *tested)[0]
    return Cell(OPEN, shown.decisive, disagree=True)


def _nearest(found: Tested) -> float:
    """How near the interval of a comparison comes to the margin, in margins."""
    return found.upper / found.margin if found.margin else found.upper


def _untested(cells: Sequence[Cell]) -> Cell:
    return Cell(NOT_TESTED, None, note=next((one.note for one in cells if one.note), ""))


def _tally(problems: Sequence[Sequence[Tested]], cells: Sequence[Cell], evidence: Evidence) -> str:
    """Return ``better on CIFAR-10; worse on …``: where each answer was found, if there is more than one problem."""
    where: dict[str, list[str]] = {}
    for problem, one in zip(problems, cells, strict=True):
        where.setdefault(one.outcome, []).append(evidence.title(problem[0].pair.problem))
    if len(cells) < 2:
        return ""
    kinds = (name for name in (BETTER, WORSE, ALIKE, OPEN, NOT_TESTED) if name in where)
    return "; ".join(f"{name} on {listed(where[name])}" for name in kinds)


def _who_where(cells: Sequence[Cell], evidence: Evidence) -> str:
    """Return by problem whose comparisons were better, the largest first."""
    found: dict[str, list[Tested]] = {}
    for one in cells:
        if one.decisive:
            found.setdefault(one.decisive.pair.problem, []).append(one.decisive)
    return "; ".join(
        f"better on {evidence.title(problem)}: "
        + listed((each.pair.a.name(evidence) for each in sorted(own, key=lambda each: -each.size)), most=_NAMED)
        for problem, own in found.items()
    )
