"""Two optimizers on the same seeds: a tested difference, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.comparison.measures import on_problem, training_length
from pipeline.project.wording import counted
from pipeline.statistics import paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.measures import Measure, Seeds
    from pipeline.comparison.settings import ComparisonSettings
    from pipeline.results.metrics import Metrics
    from pipeline.statistics.paired import PairedComparison


class Entry(NamedTuple):
    """An optimizer on a problem."""

    problem: str
    optimizer: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One comparison; the difference is a − b. `found` is None where the two cannot be compared: `reason` says why."""

    a: Entry
    b: Entry
    measure: Measure
    found: PairedComparison | None
    reason: str = ""

    def effect(self) -> tuple[float | None, float | None, float | None]:
        """Return difference, low and high in the measure's unit."""
        if self.found is None:
            return None, None, None
        interval = self.found.interval
        difference, low, high = map(self.measure.shown, (interval.estimate, interval.low, interval.high))
        return difference, low, high


def compare_entries(
    settings: ComparisonSettings, metrics: Metrics, a: Entry, b: Entry, measure: Measure, margin: float | None = None
) -> Pair:
    """Compare two optimizers on the seeds that they share; the difference is a − b.

    Seeds are in the same order everywhere, so a problem with fewer of them shares its first ones with the others.
    Where a target was not reached, the images count up to the end of the training: that limit is the same for both,
    so the two stay exchangeable, and the difference is at most too small. `margin` replaces the measure's own, on the
    scale of its differences. On a problem that is judged by its loss, that stands for the accuracy, with a margin of
    its own.
    """
    meant = on_problem(measure, metrics, a.problem)
    measure, margin = meant, margin if meant.name == measure.name else None
    return _compared(settings, metrics, a, b, _seeds(metrics, a, measure), _seeds(metrics, b, measure), measure, margin)


def compare_with_value(
    settings: ComparisonSettings, metrics: Metrics, a: Entry, value: float, name: str, measure: Measure
) -> Pair:
    """Compare an optimizer with a fixed value (on the measure's raw scale), called `name`, seed by seed."""
    seeds = _seeds(metrics, a, measure)
    values = seeds if isinstance(seeds, str) else [value] * len(seeds)
    return _compared(settings, metrics, a, Entry(a.problem, name), seeds, values, measure, None)


def _compared(
    settings: ComparisonSettings,
    metrics: Metrics,
    a: Entry,
    b: Entry,
    first: Seeds | str,
    second: Seeds | str,
    measure: Measure,
    margin: float | None,
) -> Pair:
    if isinstance(first, str) or isinstance(second, str):
        return Pair(a, b, measure, None, first if isinstance(first, str) else str(second))
    shared = list(zip(first, second, strict=False))
    limits = (training_length(metrics, a.problem), training_length(metrics, b.problem))
    if reason := _unusable(a, b, measure, shared) or _endless(shared, measure, limits):
        return Pair(a, b, measure, None, reason)
    ours, theirs = (
        [_scale(limit if value is None else value, measure) for value in values]
        for limit, values in zip(limits, zip(*shared, strict=True), strict=True)
    )
    margin = measure.margin_in(settings.margins) if margin is None else margin
    # a generator of its own for every comparison: another optimizer in the study changes no interval
    rng = np.random.default_rng(list("/".join((*a, *b, measure.name)).encode()))
    better = measure.higher_is_better
    return Pair(a, b, measure, paired.compare(ours, theirs, margin, rng, higher_is_better=better, alpha=settings.alpha))


def _seeds(metrics: Metrics, entry: Entry, measure: Measure) -> Seeds | str:
    """Return a measure's raw values, or say why the entry cannot be compared at all."""
    problem, optimizer = entry
    if problem not in metrics.problems:
        return f"the study has no problem {problem}"
    found = metrics.problems[problem].get(optimizer)
    if found is None:
        return f"{optimizer} took no part in {problem}"
    if found.on_edge:
        return (
            f"the best learning rate of {optimizer} on {problem} lies on the edge of its grid: "
            "a better one may lie beyond"
        )
    if found.diverged:
        return f"{optimizer} diverged in {counted(found.diverged, 'seed')} on {problem}"
    seeds = measure.seeds(found)
    return f"the {measure.title} of {optimizer} on {problem} was not measured" if seeds is None else seeds


def _unusable(a: Entry, b: Entry, measure: Measure, shared: Sequence[tuple[float | None, float | None]]) -> str:
    """Say why the values of the shared seeds cannot be compared, or nothing."""
    if len(shared) < 2:
        return f"{a.optimizer} and {b.optimizer} share {counted(len(shared), 'seed')} on {a.problem}; two are needed"
    if measure.target:
        if neither := sum(first is None and second is None for first, second in shared):
            return (
                f"neither {a.optimizer} nor {b.optimizer} reached the target on {a.problem} "
                f"in {neither} of {len(shared)} seeds"
            )
        return ""
    # a share that was rounded to zero has no ratio to another
    if any(value is None or (measure.unit == "times" and value <= 0) for values in shared for value in values):
        return f"a seed of {a.optimizer} or {b.optimizer} on {a.problem} has no {measure.title}"
    return ""


def _endless(
    shared: Sequence[tuple[float | None, float | None]], measure: Measure, limits: tuple[int | None, ...]
) -> str:
    """Say that a target was missed and nobody knows how long the training went on, or nothing."""
    missed = any(value is None for values in shared for value in values)
    return f"the length of the trainings is unknown: no {measure.title}" if missed and None in limits else ""


def _scale(value: float | None, measure: Measure) -> float:
    """Return a known value on the scale on which differences are taken."""
    if value is None:
        raise ValueError(f"{measure.name}: a value is missing that was to be refused before")
    return math.log(value) if measure.unit == "times" else value
