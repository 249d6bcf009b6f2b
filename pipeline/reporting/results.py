"""All that the study found, as the stages wrote it: the only file of the reporting that reads any."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.data import problems
from pipeline.project import paths
from pipeline.project.errors import DataError
from pipeline.reporting.drawing import colours
from pipeline.results import tables
from pipeline.results.backprop import WorkedExample
from pipeline.results.champions import Champions
from pipeline.results.comparison import Comparison
from pipeline.results.cost import Cost
from pipeline.results.environment import Environment
from pipeline.results.metrics import Metrics
from pipeline.results.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pipeline.settings.study import Settings


@dataclass(frozen=True)
class Results:
    """What the report is made of. Accuracies are fractions 0 to 1, losses nats.

    Attributes
    ----------
    settings
        ``params.yaml``: which problems and optimizers there are, and their order.
    metrics
        By problem and optimizer, as ``pipeline.evaluation.metrics.metrics`` describes.
    per_class
        Columns ``problem``, ``optimizer``, ``class``, ``accuracy``, ``low``, ``high`` (Wilson 95 %).
    confusion
        Of each problem's champion: ``problem``, ``actual``, ``predicted``, ``count``.
    training_curves
        Means over seeds: ``problem``, ``optimizer``, ``step``, ``images``, ``epoch``, ``train_loss``,
        ``update``, ``validation_loss``, ``validation_accuracy``.
    learning_rates
        Every trial of the tuning: ``problem``, ``optimizer``, ``learning_rate``, ``validation_accuracy``,
        ``validation_loss``, ``diverged_at`` (step), ``chosen``.
    champion
        By problem: the network that was chosen by validation accuracy.
    environment
        Hardware and versions.
    backprop, cost, comparison, verdicts
        Of the stages of the same names; None where such a stage is not part of the flow.
    """

    settings: Settings
    metrics: Mapping[str, Mapping[str, Any]]
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    training_curves: pd.DataFrame
    learning_rates: pd.DataFrame
    champion: Mapping[str, Mapping[str, Any]]
    environment: Mapping[str, Any]
    backprop: WorkedExample | None = None
    cost: Any = None
    comparison: Any = None
    verdicts: Any = None

    def __post_init__(self) -> None:
        missing = [
            f"{optimizer} on {problem}"
            for problem in self.settings.problems
            for optimizer in self.settings.roster(problem)
            if optimizer not in self.metrics.get(problem, {})
        ]
        if missing:
            raise DataError(f"{Metrics.PATH} lacks {', '.join(missing)}, which {paths.PARAMS} names: run `dvc repro`.")

    @property
    def main_problem(self) -> str:
        """The problem that the answer is about."""
        return self.settings.main_problem

    @property
    def other_problems(self) -> list[str]:
        """The problems beside the main one, in their order."""
        return [problem for problem in self.settings.problems if problem != self.main_problem]

    @cached_property
    def styles(self) -> dict[str, colours.Style]:
        """Colour, dashes and marker of every optimizer, the same in every plot."""
        return colours.styles(self.settings.optimizers)

    def label(self, optimizer: str) -> str:
        """Return an optimizer's name for people."""
        return self.settings.optimizers[optimizer].label

    def title(self, problem: str) -> str:
        """Return a problem's name for people."""
        return self.settings.problems[problem].title or problems.by_name(self.settings.data_of(problem)).TITLE

    def description(self, problem: str) -> str:
        """Return one sentence on a problem."""
        return problems.by_name(self.settings.data_of(problem)).DESCRIPTION

    def seeds(self, problem: str) -> int:
        """Return how many seeds every optimizer was trained with."""
        return len(self.settings.seeds(problem))

    def ranked(self, problem: str) -> list[str]:
        """Return a problem's optimizers by mean test accuracy, best first.

        Equals stay in the order of their rows; an optimizer without a mean comes last.
        """
        return sorted(self.settings.roster(problem), key=lambda name: -self._mean(problem, name))

    def _mean(self, problem: str, optimizer: str) -> float:
        mean = self.metrics[problem][optimizer]["test_accuracy"]["mean"]
        return -1.0 if mean is None else float(mean)


def load(settings: Settings) -> Results:
    """Read ``results/``.

    Raises
    ------
    DataError
        Where a file is missing that every study has, or where an optimizer of the settings has no results.
    """
    cost, comparison, verdicts = Cost.read_if_there(), Comparison.read_if_there(), Verdicts.read_if_there()
    return Results(
        settings=settings,
        metrics=Metrics.read().model_dump(mode="json")["problems"],
        per_class=tables.PER_CLASS.read(),
        confusion=tables.CONFUSION.read(),
        training_curves=tables.TRAINING_CURVES.read(),
        learning_rates=tables.LEARNING_RATES.read(),
        champion=Champions.read().model_dump(mode="json")["problems"],
        environment=Environment.read().model_dump(mode="json"),
        backprop=WorkedExample.read_if_there(),
        cost=cost and cost.model_dump(mode="json")["optimizers"],
        comparison=comparison and comparison.model_dump(mode="json"),
        verdicts=verdicts and verdicts.model_dump(mode="json")["claims"],
    )
