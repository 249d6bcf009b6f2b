"""Adaptive methods, Adadelta first, forgive a badly chosen learning rate."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from pipeline.comparison import sentences
from pipeline.comparison.claim import Claim, Verdict
from pipeline.comparison.decisions import VerdictKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.comparison.evidence import Evidence

# cifar10_longer only rechecks the neighbours of a value that was tuned elsewhere
_WHOLE_SEARCH = 5


class _Good(NamedTuple):
    """How many decades of learning rates are good; `open` where there may be more beyond the grid."""

    decades: float
    open: bool


class _Finding(NamedTuple):
    """What one problem says: decades by which the adaptive methods are ahead, and the answers to the two parts."""

    problem: str
    ahead: float
    groups: str
    adadelta: str


def _find(evidence: Evidence) -> Verdict | None:
    found = [finding for problem in evidence.problems if (finding := _finding(evidence, problem)) is not None]
    if not found:
        return None
    fewest, ahead = evidence.settings.fewest_problems, [finding.ahead for finding in found]
    kind = _kind(found, fewest)
    return Verdict(
        kind=kind,
        sentence=_sentence(kind, found),
        what_would_change_it=(
            f"Searches with several seeds, wider grids, or more problems ({len(found)} counted here; at least "
            f"{fewest} must agree)."
        ),
        effect=median(ahead),
        low=min(ahead) if len(ahead) > 1 else None,
        high=max(ahead) if len(ahead) > 1 else None,
        unit="decades",
        test="no test: one tuning seed per problem; low and high are the extremes over problems",
        problems=tuple(finding.problem for finding in found),
    )


def _finding(evidence: Evidence, problem: str) -> _Finding | None:
    settings = evidence.settings
    good = {
        name: _Good(found.decades, found.open)
        for name in evidence.roster(problem, [*settings.adaptive, *settings.not_adaptive])
        if (search := evidence.search(problem, name)) and search.trials >= _WHOLE_SEARCH and (found := search.tolerance)
    }
    adaptive = [good[name] for name in settings.adaptive if name in good]
    others = [good[name] for name in settings.not_adaptive if name in good]
    if "adadelta" not in good or not others or len(adaptive) < 2:
        return None
    margin = settings.margins.tolerance
    group, other = _median(adaptive), _median(others)
    rivals = {_more_forgiving(good["adadelta"], rival, margin) for name, rival in good.items() if name != "adadelta"}
    first = next((answer for answer in ("no", "open") if answer in rivals), "yes")
    return _Finding(problem, group.decades - other.decades, _more_forgiving(group, other, margin), first)


def _median(good: Sequence[_Good]) -> _Good:
    """Return the median of a group, open where a lower bound at or below it could raise it."""
    middle = median(one.decades for one in good)
    return _Good(middle, any(one.open and one.decades <= middle for one in good))


def _more_forgiving(a: _Good, b: _Good, margin: float) -> str:
    """Return whether `a` tolerates more than `b`: yes, no, alike, or open where the one behind may go on."""
    difference = a.decades - b.decades
    if abs(difference) <= margin:
        return "open" if a.open or b.open else "alike"
    if min(a, b).open:
        return "open"
    return "yes" if difference > 0 else "no"


def _kind(found: Sequence[_Finding], fewest: int) -> VerdictKind:
    groups = {finding.groups for finding in found}
    adadelta = {finding.adadelta for finding in found}
    if len(found) < fewest:
        return VerdictKind.INCONCLUSIVE
    if {"no"} in (groups, adadelta):
        return VerdictKind.REFUTED
    if groups == {"alike"}:
        return VerdictKind.NO_MEANINGFUL_DIFFERENCE
    return VerdictKind.SUPPORTED if groups == adadelta == {"yes"} else VerdictKind.INCONCLUSIVE


def _sentence(kind: VerdictKind, found: Sequence[_Finding]) -> str:
    lead = sentences.lead(
        kind,
        yes="Adaptive methods forgive more, and none forgives more than Adadelta",
        no="Adaptive methods do not forgive more, or Adadelta is not the first of them",
        alike="Both groups forgive alike",
        undecided="The searches do not decide it",
    )
    ahead = sentences.signed(median(finding.ahead for finding in found), ".2g")
    return (
        f"{lead}: the adaptive methods are ahead by {ahead} decades (median over {len(found)} problem(s)); "
        f"ahead on {_count(finding.groups for finding in found)}; "
        f"Adadelta first on {_count(finding.adadelta for finding in found)}."
    )


def _count(answers: Iterable[str]) -> str:
    counts = Counter(answers)
    return f"{counts['yes']}, not on {counts['no'] + counts['alike']}, open on {counts['open']}"


CLAIM = Claim(
    title="Adaptive methods, Adadelta first, forgive a badly chosen learning rate",
    quote="Adaptive methods, Adadelta first, forgive a badly chosen learning rate.",
    rule=(
        "An optimizer's tolerance on a problem is the number of decades of learning rates whose validation accuracy "
        "is within the learning-rate margin of its best, within the grid that was searched. Each learning rate was "
        "tried with one seed, so a problem gives no interval and no p; agreement between problems takes their place. "
        "Two parts on each problem with whole searches: the median tolerance of the adaptive methods exceeds that of "
        "the others by more than the tolerance margin, and no other method exceeds Adadelta by more than that margin. "
        "Where the good range of the one that is behind may go on beyond its grid, the part is open. Supported if "
        "both parts hold on every problem, refuted if either part fails on every problem, and there are enough "
        "problems (comparison.fewest_problems) for either; otherwise inconclusive. No meaningful difference if the "
        "two groups are within the margin on every one of enough problems."
    ),
    needs=("learning-rate searches of Adadelta, another adaptive method and one that is not, per problem",),
    find=_find,
)
