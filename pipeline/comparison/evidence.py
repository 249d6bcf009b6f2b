"""What the study found, as claims ask for it: by problem, optimizer and measure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.comparison.pairs import Pair, Row, compare_all, compare_rows, compare_with_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.comparison.measures import Measure, Metrics
    from pipeline.comparison.settings import ComparisonSettings


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many decades of learning rates are good ones; the search used one seed.

    Attributes
    ----------
    decades
        Length of the good part within the grid.
    open
        Whether an end of the grid is itself good: `decades` is then a lower bound.
    """

    decades: float
    open: bool


@dataclass(frozen=True, slots=True)
class StepCost:
    """What a training step costs relative to SGD's.

    Attributes
    ----------
    ratio, low, high
        Time of a whole training step over that of SGD: median over rounds, and its 95 % interval.
    state_bytes
        Bytes of optimizer state a parameter.
    update_ratio
        Time of the update alone over that of SGD's: the median over rounds.
    """

    ratio: float
    low: float
    high: float
    state_bytes: float
    update_ratio: float


@dataclass(frozen=True)
class Evidence:
    """All results that claims are judged on. What is absent is answered by a reason or by None, never made up.

    Attributes
    ----------
    settings
        Level, margins and groups of optimizers.
    metrics
        ``results/metrics.json``.
    comparison
        ``results/comparison.json``.
    cost
        ``results/cost.json``, or None.
    labels, titles
        Names of the optimizers and of the problems for people.
    """

    settings: ComparisonSettings
    metrics: Metrics
    comparison: Mapping[str, Any]
    cost: Mapping[str, Any] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def label(self, optimizer: str) -> str:
        """Return an optimizer's name for people."""
        return self.labels.get(optimizer, optimizer)

    def title(self, problem: str) -> str:
        """Return a problem's name for people."""
        return self.titles.get(problem, problem)

    def problem(self, *preferred: str) -> str:
        """Return the first of the preferred problems that the study has, otherwise the study's first one."""
        return next((name for name in preferred if name in self.metrics), next(iter(self.metrics), ""))

    def roster(self, problem: str, among: Iterable[str] | None = None) -> list[str]:
        """Return the optimizers of a problem, those in `among` if given, in the study's order."""
        names = self.metrics.get(problem, {})
        wanted = names if among is None else set(among)
        return [name for name in names if name in wanted]

    def pair(self, problem: str, a: str, b: str, measure: Measure, margin: float | None = None) -> Pair:
        """Compare two optimizers on a problem; the difference is a − b."""
        return compare_rows(self.settings, self.metrics, Row(problem, a), Row(problem, b), measure, margin)

    def against_all(self, problem: str, a: str, measure: Measure) -> list[Pair]:
        """Compare an optimizer with every other one of a problem; the differences are a − the other."""
        couples = [(Row(problem, a), Row(problem, other)) for other in self.roster(problem) if other != a]
        return compare_all(self.settings, self.metrics, couples, measure)

    def pair_of_problems(self, a: str, b: str, optimizer: str, measure: Measure) -> Pair:
        """Compare an optimizer with itself on two problems that share their seeds; the difference is a − b."""
        return compare_rows(self.settings, self.metrics, Row(a, optimizer), Row(b, optimizer), measure)

    def against(self, problem: str, optimizer: str, value: float, name: str, measure: Measure) -> Pair:
        """Compare an optimizer with a fixed value, which `name` stands for."""
        return compare_with_value(self.settings, self.metrics, Row(problem, optimizer), value, name, measure)

    def best_by_tuning(self, problem: str, among: Iterable[str]) -> str | None:
        """Return the optimizer whose tuned learning rate did best on the validation examples.

        The tuning has a seed of its own, so this choice does not favour anybody on the seeds that are compared.
        Searches that ended on the edge of their grid do not count. None where there is nobody.
        """
        scores = {
            name: self.metrics[problem][name]["tuned_accuracy"]
            for name in self.roster(problem, among)
            if not self.metrics[problem][name].get("on_edge")
            and self.metrics[problem][name].get("tuned_accuracy") is not None
        }
        return max(scores, key=lambda name: scores[name]) if scores else None

    def trials(self, problem: str, optimizer: str) -> int:
        """Return how many learning rates were tried."""
        return int(self._search(problem, optimizer).get("trials", 0))

    def tolerance(self, problem: str, optimizer: str) -> Tolerance | None:
        """Return how forgiving an optimizer's learning rate is, or None where that is unknown."""
        found = self._search(problem, optimizer).get("tolerance")
        return None if found is None else Tolerance(found["decades"], found["open_low"] or found["open_high"])

    def step_cost(self, optimizer: str) -> StepCost | None:
        """Return what a step costs, or None where it was not measured (often enough for an interval)."""
        entry = (self.cost or {}).get(optimizer)
        if entry is None:
            return None
        ratio, low, high = (entry["step_ratio"][name] for name in ("median", "low", "high"))
        if low is None or high is None:
            return None
        return StepCost(ratio, low, high, entry["state_bytes_per_parameter"], entry["optimizer_ratio"]["median"])

    def _search(self, problem: str, optimizer: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (
            self.comparison.get("problems", {}).get(problem, {}).get("searches", {}).get(optimizer, {})
        )
        return found
