"""What the study found, as measures and claims ask for it: by problem and optimizer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pipeline.results.metrics import whole_training

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.comparison.measures import Measure
    from pipeline.comparison.settings import ComparisonSettings
    from pipeline.results.cost import Cost, StepTime
    from pipeline.results.metrics import Metrics, OptimizerMetrics
    from pipeline.results.problems import ProblemFacts

    Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """All results that are compared. What is absent is answered by a reason or by None, never made up.

    Parameters
    ----------
    searches
        ``results/searches.csv``; its first `points` points of a problem are the same for every row.
    constant
        The problems whose learning rate is constant.
    labels
        The optimizers' names for people.
    """

    settings: ComparisonSettings
    metrics: Metrics
    searches: pd.DataFrame
    points: int
    cost: Cost | None = None
    facts: Mapping[str, ProblemFacts] = field(default_factory=dict)
    constant: Collection[str] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    # what was asked for before: the same scores serve many comparisons
    _scores: dict[tuple[str, str], dict[str, Vector]] = field(default_factory=dict, repr=False, compare=False)
    _twins: dict[str, dict[str, str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def problems(self) -> tuple[str, ...]:
        """The study's problems, in their order."""
        return tuple(self.metrics.problems)

    @property
    def complete_problems(self) -> tuple[str, ...]:
        """The problems that every optimizer of the study took part in."""
        everybody = {name for found in self.metrics.problems.values() for name in found}
        return tuple(name for name, found in self.metrics.problems.items() if len(found) == len(everybody))

    def label(self, optimizer: str) -> str:
        """Return an optimizer's name for people."""
        return self.labels.get(optimizer, optimizer)

    def title(self, problem: str) -> str:
        """Return a problem's name for people."""
        return self.facts[problem].title if problem in self.facts else problem

    def of(self, problem: str, optimizer: str) -> OptimizerMetrics | None:
        """Return what an optimizer reached on a problem, or None where it took no part."""
        return self.metrics.problems.get(problem, {}).get(optimizer)

    def roster(self, problem: str) -> list[str]:
        """Return the optimizers of a problem that are a function of their own there, in the study's order."""
        left_out = self.twins(problem)
        return [name for name in self.metrics.problems.get(problem, {}) if name not in left_out]

    def twins(self, problem: str) -> dict[str, str]:
        """Return the optimizers that are no function of their own on a problem, and why.

        Of two whose picked networks are the same in every seed the baseline stays, or the first one. An optimizer whose
        class has no parameter to update there, such as Muon on a linear model, is the optimizer of its ``rest``.
        """
        if problem not in self._twins:
            self._twins[problem] = self._find_twins(problem)
        return self._twins[problem]

    def scores(self, measure: Measure, problem: str) -> dict[str, Vector]:
        """Return the values of every optimizer by a measure as it is meant on the problem; see `Measure.scores`."""
        key = (measure.name, problem)
        if key not in self._scores:
            self._scores[key] = measure.scores(self, problem)
        return self._scores[key]

    def _find_twins(self, problem: str) -> dict[str, str]:
        found = self.metrics.problems.get(problem, {})
        first: dict[str, str] = {}
        why: dict[str, str] = {}
        for name in sorted(found, key=lambda name: name != self.settings.baseline):
            idle = [row for row, count in found[name].parameters.items() if count == 0]
            twin = first.setdefault(found[name].twin_of or name, name)
            if idle:
                why[name] = f"its rest alone: {idle[0]} has no parameters to update here"
            elif twin != name:
                why[name] = f"the same as {self.label(twin)} in every seed"
        return why

    def on_border(self, problem: str, optimizer: str) -> bool:
        """Return whether most seeds picked a best setting whose learning rate is the lowest or highest tried."""
        found = self.of(problem, optimizer)
        return (
            found is not None and found.search.on_edge and 2 * found.search.picked.count(0) > len(found.search.picked)
        )

    def by_loss(self, problem: str) -> bool:
        """Return whether a problem is judged by its loss."""
        return any(found.measure == "loss" for found in self.metrics.problems.get(problem, {}).values())

    def regression(self, problem: str) -> bool:
        """Return whether a problem has no accuracy."""
        return any(found.test_accuracy is None for found in self.metrics.problems.get(problem, {}).values())

    def loss_of_guessing(self, problem: str) -> float:
        """Return the loss of a network that knows nothing: the logarithm of the classes, or a regression's variance."""
        classes = len(self.facts[problem].classes) if problem in self.facts else 0
        return math.log(classes) if classes > 1 else 1.0

    def examples(self, problem: str, part: str) -> int:
        """Return how many examples a part (train, validation, test) has; 10,000 where nobody knows."""
        return self.facts[problem].counts.get(part, 10_000) if problem in self.facts else 10_000

    def step_time(self, problem: str, optimizer: str) -> StepTime | None:
        """Return how long a step takes, or None where it was not timed."""
        times = self.cost.time_per_step if self.cost else {}
        return times.get(problem, {}).get(optimizer)

    def seconds_per_image(self, problem: str, optimizer: str) -> float | None:
        """Return the time of a training example, or None where the step was not timed or the length is unknown."""
        time, length = self.step_time(problem, optimizer), whole_training(self.metrics.problems[problem].values())
        return None if time is None or length is None else time.seconds_per_example(length)

    def images(self, problem: str) -> int | None:
        """Return the images of a whole training on a problem (the same for all), None where every training diverged."""
        length = whole_training(self.metrics.problems[problem].values())
        return length.images if length else None

    def trials(self, problem: str, optimizer: str) -> pd.DataFrame:
        """Return the trials of a search, rows of ``results/searches.csv``."""
        table = self.searches
        return table[(table["problem"] == problem) & (table["optimizer"] == optimizer)]

    def results_of(self, trials: pd.DataFrame, problem: str) -> Vector:
        """Return the validation results of some trials by the problem's measure, NaN after a divergence."""
        column = "validation_loss" if self.by_loss(problem) else "validation_accuracy"
        return trials[column].where(trials["diverged_at"].isna()).to_numpy(dtype=np.float64)
