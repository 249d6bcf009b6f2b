"""Which optimizers are compared with each other, paired by seed where both have the same ones."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.commands.judge import cells
from pipeline.commands.judge.table import MOST_NAMED, ResultsError
from pipeline.project.wording import closest, counted, listed
from pipeline.statistics import paired, unpaired
from pipeline.statistics.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.commands.judge.scores import Scores
    from pipeline.statistics.paired import Compared

    Pair = tuple[Scores, Scores]

# Fixed, so that the same table always gets the same intervals.
_SEED = 0
_MOST_PAIRS_AT_ONCE, _MOST_VALUES_AT_ONCE = 32, 20_000


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair of optimizers on one problem: a − b, Holm's p over all comparisons, or the reason why there is none."""

    a: Scores
    b: Scores
    comparison: Compared | None
    corrected_p: float | None
    reason: str  # why the two were not compared

    @property
    def conclusion(self) -> str:
        """What may be said about `a`."""
        if self.comparison is None or self.corrected_p is None:
            return "not tested"
        return self.comparison.conclusion(self.corrected_p)

    @property
    def is_paired(self) -> bool:
        """Whether both ran the same seeds."""
        return are_paired(self.a, self.b)

    @property
    def test(self) -> str:
        """The test that was used."""
        return self.comparison.test if isinstance(self.comparison, unpaired.UnpairedComparison) else "sign-flip test"

    @property
    def runs(self) -> str:
        """How many runs were compared: ``10 paired seeds``, or ``10 and 9 runs``."""
        one, other = self.a.values.size, self.b.values.size
        return f"{one} paired seeds" if self.is_paired else f"{one} and {other} runs"


@dataclass(frozen=True, slots=True)
class Scale:
    """What a difference is held against: the margin, the direction, and the range that the metric has, if any."""

    margin: float | None
    higher_is_better: bool
    widest: float | None  # an accuracy's difference cannot be larger


def pairs(scores: Sequence[Scores], baseline: str | None) -> list[Pair]:
    """Return all pairs of optimizers on the same problem, or those with the baseline, which then stands last."""
    names = sorted({one.optimizer for one in scores})
    baseline = None if baseline is None else cells.name(baseline)
    if len(names) < 2:
        raise ResultsError(f"there is only one optimizer ({names[0]}); a comparison needs two.")
    if baseline is not None and baseline not in names:
        raise ResultsError(f"there is no optimizer {baseline!r} to be the baseline{closest(baseline, names, most=15)}.")
    found = [(a, b) for a, b in itertools.combinations(scores, 2) if a.problem == b.problem]
    if baseline is not None:
        against = [(b, a) if a.optimizer == baseline else (a, b) for a, b in found]
        found = [(a, b) for a, b in against if b.optimizer == baseline]
    if not found:
        raise ResultsError("nothing can be compared: no two of the optimizers share a problem.")
    return found


def compare_all(pairs: Sequence[Pair], scale: Scale, advance: Callable[[int], None]) -> list[Judged]:
    """Compare all pairs; `advance` is told how many more are done."""
    reasons = [_unusable(*pair) for pair in pairs]
    if all(reasons):
        named = dict.fromkeys(f"{named_pair(*pair)}: {why}" for pair, why in zip(pairs, reasons, strict=True))
        raise ResultsError(f"nothing can be compared. {' '.join(list(named)[:MOST_NAMED])}")
    usable = [pair for pair, reason in zip(pairs, reasons, strict=True) if not reason]
    found = dict(_compared(usable, scale, advance))
    comparisons = [found.get(_key(pair)) for pair in pairs]
    return [
        Judged(*pair, comparison, p, reason)
        for pair, comparison, p, reason in zip(
            pairs, comparisons, paired.holm_of_tested(comparisons), reasons, strict=True
        )
    ]


def named_pair(a: Scores, b: Scores) -> str:
    """Return ``adam − sgd on digits``."""
    return f"{a.optimizer} − {b.optimizer}{f' on {a.problem}' if a.problem else ''}"


def are_paired(a: Scores, b: Scores) -> bool:
    """Return whether both have the same seeds."""
    return a.seeds is not None and a.seeds == b.seeds


def _unusable(a: Scores, b: Scores) -> str:
    """Say why two optimizers cannot be compared, or nothing."""
    for one in (a, b):
        if one.values.size == 1:
            what = "run" if one.seeds is None else "seed"
            return f"{one.optimizer} has a single {what}: with fewer than two, a difference cannot be told from chance."
    return ""


def _key(pair: Pair) -> tuple[str | None, str, str]:
    return pair[0].problem, pair[0].optimizer, pair[1].optimizer


def _compared(
    pairs: Sequence[Pair], scale: Scale, advance: Callable[[int], None]
) -> Iterator[tuple[tuple[str | None, str, str], Compared]]:
    by_size: dict[int, list[Pair]] = defaultdict(list)  # 0 holds those that are not paired
    for a, b in pairs:
        by_size[a.values.size if are_paired(a, b) else 0].append((a, b))
    for size, members in by_size.items():
        at_once = max(1, min(_MOST_PAIRS_AT_ONCE, _MOST_VALUES_AT_ONCE // max(size, 1)))
        for start in range(0, len(members), at_once):
            part = members[start : start + at_once]
            for pair, comparison in zip(part, _compare(part, scale, are_paired=size > 0), strict=True):
                yield _key(pair), _bounded(comparison, scale.widest)
            advance(len(part))


def _compare(part: Sequence[Pair], scale: Scale, *, are_paired: bool) -> Sequence[Compared]:
    better = scale.higher_is_better
    if not are_paired:
        return [unpaired.compare_unpaired(a.values, b.values, scale.margin, higher_is_better=better) for a, b in part]
    first, second = (np.array([pair[side].values for pair in part]) for side in (0, 1))
    # anew for each part, so that no pair's interval depends on the other pairs of the table
    rng = np.random.default_rng(_SEED)
    return paired.compare_each(first, second, scale.margin, rng, higher_is_better=better)


def _bounded(comparison: Compared, widest: float | None) -> Compared:
    """Cut the interval off where no difference can be."""
    if widest is None:
        return comparison
    found = comparison.interval
    low, high = (None if bound is None else min(max(bound, -widest), widest) for bound in (found.low, found.high))
    return replace(comparison, interval=Interval(found.estimate, low, high))


def why_unpaired(judged: Sequence[Judged]) -> str:
    """Say which optimizers were compared as independent runs and why, or nothing."""
    found = [entry for entry in judged if isinstance(entry.comparison, unpaired.UnpairedComparison)]
    if not found:
        return ""
    a, b = found[0].a, found[0].b
    if a.seeds is None or b.seeds is None:
        reason = "no column says the seed; name one with --seed-column"
    else:
        surplus = " and ".join(filter(None, (_surplus(a, b), _surplus(b, a))))
        reason = f"{f'{named_pair(a, b)}: ' if len(judged) > 1 else ''}{surplus}"
    tests = listed(sorted({entry.test for entry in found}))
    return (
        f"{counted(len(found), 'comparison')} of independent runs, not paired ({reason}), by {tests}. "
        "Paired runs, the same seeds for every optimizer, would need fewer seeds to show the same difference."
    )


def _surplus(one: Scores, other: Scores) -> str:
    others = set(other.seeds or ())
    seeds = [seed for seed in one.seeds or () if seed not in others]
    return f"seed{'s' * (len(seeds) > 1)} {listed(seeds, most=MOST_NAMED)} only in {one.optimizer}" if seeds else ""
