"""All that the study found, as the stages wrote it: the only file of the reporting that reads any."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.data import problems
from pipeline.project import files, paths
from pipeline.project.errors import DataError
from pipeline.reporting.drawing import colours

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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
    backprop: dict[str, Any] | None = None
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
            raise DataError(f"{paths.METRICS} lacks {', '.join(missing)}, which {paths.PARAMS} names: run `dvc repro`.")

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
    return Results(
        settings=settings,
        metrics=_json(paths.METRICS),
        per_class=_table(paths.PER_CLASS),
        confusion=_table(paths.CONFUSION),
        training_curves=_table(paths.TRAINING_CURVES),
        learning_rates=_table(paths.LEARNING_RATES),
        champion=_json(paths.CHAMPION),
        environment=_json(paths.ENVIRONMENT),
        backprop=_optional(paths.BACKPROP),
        cost=_optional(paths.COST),
        comparison=_optional(paths.COMPARISON),
        verdicts=_optional(paths.VERDICTS),
    )


def _json(path: Path) -> Any:
    return files.read_json(_existing(path))


def _optional(path: Path) -> Any:
    return files.read_json(path) if path.exists() else None


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    # a class may be called 0 or NA: names stay text, and only an empty cell is a missing value
    names = dict.fromkeys(("problem", "optimizer", "class", "actual", "predicted"), str)
    return pd.read_csv(_existing(path), dtype=names, keep_default_na=False, na_values=[""])


def _existing(path: Path) -> Path:
    if not path.exists():
        raise DataError(f"{path} is missing: run `dvc repro` to make it.")
    return path
