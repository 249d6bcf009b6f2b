"""What the study found, as claims ask for it: by problem, optimizer and measure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.comparison.pairs import Entry, Pair, compare_entries, compare_with_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.comparison.measures import Measure
    from pipeline.comparison.settings import ComparisonSettings
    from pipeline.results.comparison import Comparison, Search
    from pipeline.results.cost import Cost
    from pipeline.results.metrics import Metrics


@dataclass(frozen=True)
class Evidence:
    """All results that claims are judged on. What is absent is answered by a reason or by None, never made up.

    `labels` and `titles` are the names of the optimizers and of the problems for people.
    """

    settings: ComparisonSettings
    metrics: Metrics
    comparison: Comparison
    cost: Cost | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """The study's problems, in their order."""
        return tuple(self.metrics.problems)

    def label(self, optimizer: str) -> str:
        """Return an optimizer's name for people."""
        return self.labels.get(optimizer, optimizer)

    def title(self, problem: str) -> str:
        """Return a problem's name for people."""
        return self.titles.get(problem, problem)

    def problem(self, *preferred: str) -> str:
        """Return the first of the preferred problems that the study has, otherwise the study's first one."""
        return next((name for name in preferred if name in self.problems), next(iter(self.problems), ""))

    def roster(self, problem: str, among: Iterable[str] | None = None) -> list[str]:
        """Return the optimizers of a problem, those in `among` if given, in the study's order."""
        names = self.metrics.problems.get(problem, {})
        wanted = names if among is None else set(among)
        return [name for name in names if name in wanted]

    def pair(self, problem: str, a: str, b: str, measure: Measure, margin: float | None = None) -> Pair:
        """Compare two optimizers on a problem; the difference is a − b."""
        return compare_entries(self.settings, self.metrics, Entry(problem, a), Entry(problem, b), measure, margin)

    def pair_of_problems(self, a: str, b: str, optimizer: str, measure: Measure) -> Pair:
        """Compare an optimizer with itself on two problems that share their seeds; the difference is a − b."""
        return compare_entries(self.settings, self.metrics, Entry(a, optimizer), Entry(b, optimizer), measure)

    def against(self, problem: str, optimizer: str, value: float, name: str, measure: Measure) -> Pair:
        """Compare an optimizer with a fixed value, which `name` stands for."""
        return compare_with_value(self.settings, self.metrics, Entry(problem, optimizer), value, name, measure)

    def best_by_tuning(self, problem: str, among: Iterable[str]) -> str | None:
        """Return the optimizer whose tuned learning rate did best on the validation examples, or None.

        The tuning's seed is its own: this favours nobody on the seeds that are compared. Rates on an edge do not count.
        """
        found = self.metrics.problems.get(problem, {})
        settled = [name for name in self.roster(problem, among) if not found[name].on_edge]
        return max(settled, key=lambda name: found[name].tuned_score, default=None)

    def search(self, problem: str, optimizer: str) -> Search | None:
        """Return what the search of a learning rate tells, or None where there was none."""
        compared = self.comparison.problems.get(problem)
        return compared.searches.get(optimizer) if compared else None
