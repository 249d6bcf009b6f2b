"""All results of the study, with the names, the order and the looks of its optimizers and problems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from pipeline.project import paths
from pipeline.project.errors import DataError
from pipeline.reporting import judging
from pipeline.reporting.drawing import colours
from pipeline.reporting.items import literal
from pipeline.results.backprop import WorkedExample
from pipeline.results.champions import Champions
from pipeline.results.comparison import Comparison
from pipeline.results.cost import Cost
from pipeline.results.environment import Environment
from pipeline.results.metrics import Metrics, whole_training
from pipeline.results.other_seeds import OtherSeeds
from pipeline.results.problems import Problems
from pipeline.results.recommendations import Recommendations
from pipeline.results.tables import CONFUSION, PER_CLASS, SEARCHES, TRAINING_CURVES
from pipeline.results.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.settings.study import Settings

_T = TypeVar("_T")


@dataclass(frozen=True)
class Results:
    """The report's input: the settings and the files of ``results/``. Accuracies are fractions 0 to 1, losses nats.

    Names that `label`, `title` and `description` return are inline Markdown. `cost` and `backprop` are None where the
    stage of that name is not part of the flow, `other_seeds` where nobody made the study again.
    """

    settings: Settings
    problems: Problems
    metrics: Metrics
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    training_curves: pd.DataFrame
    searches: pd.DataFrame
    champions: Champions
    environment: Environment
    comparison: Comparison
    verdicts: Verdicts
    recommendations: Recommendations
    cost: Cost | None = None
    backprop: WorkedExample | None = None
    other_seeds: OtherSeeds | None = None

    def __post_init__(self) -> None:
        missing = [
            f"{optimizer} on {problem}"
            for problem in self.settings.study
            for optimizer in self.settings.roster(problem)
            if optimizer not in self.metrics.problems.get(problem, {})
        ]
        if missing:
            raise DataError(f"{Metrics.PATH} lacks {', '.join(missing)}, which {paths.PARAMS} names: run `dvc repro`.")

    @property
    def main_problem(self) -> str:
        """The problem that the answer is about."""
        return self.settings.main_problem

    @property
    def other_problems(self) -> list[str]:
        """All problems of the study but the main one, in their order."""
        return [problem for problem in self.settings.study if problem != self.main_problem]

    @property
    def answer(self) -> str | None:
        """The sentence of the first verdict, which answers the study's question; inline Markdown."""
        first = next(iter(self.verdicts.claims.values()), None)
        return literal(first.sentence) if first else None

    @cached_property
    def again(self) -> OtherSeeds | None:
        """The same claims after another search and with other seeds, if these very verdicts were judged again."""
        found = self.other_seeds
        return found if found and found.repeats(self.verdicts) else None

    @property
    def baseline(self) -> str:
        """The optimizer that all others are compared with."""
        return self.comparison.settings.baseline

    @cached_property
    def styles(self) -> dict[str, colours.Style]:
        """Colour, dashes and marker of every optimizer, the same in every plot."""
        classes = {name: row.class_name for name, row in self.settings.optimizers.items()}
        return colours.styles(classes, self.baseline)

    def label(self, optimizer: str) -> str:
        """Return an optimizer's name for people."""
        return literal(self.settings.optimizers[optimizer].label)

    def title(self, problem: str) -> str:
        """Return a problem's name for people."""
        return literal(self.problems.problems[problem].title)

    def description(self, problem: str) -> str:
        """Return one sentence on a problem."""
        return literal(self.problems.problems[problem].description)

    def measured(self, problem: str) -> dict[str, OptimizerMetrics]:
        """Return what was measured on a problem, by optimizer."""
        return self.metrics.problems[problem]

    def best_first(self, problem: str) -> dict[str, OptimizerMetrics]:
        """Return what was measured on a problem, the best mean on the test examples first."""
        return {name: self.measured(problem)[name] for name in self.ranked(problem)}

    def examples(self, problem: str) -> str:
        """Return what an example of a problem is: an image, a block (of a text), or an example."""
        facts = self.problems.problems[problem]
        if facts.task == "next_token":
            return "block"
        # height, width and channels
        return "image" if len(facts.shape) == 3 else "example"

    def twins(self, problem: str) -> dict[str, str]:
        """Return the optimizers that are no function of their own on a problem, and why."""
        return self.comparison.problems[problem].ranking.left_out

    def searched(self, problem: str) -> bool:
        """Return whether a problem has a search of its own."""
        settings = self.settings.problems[problem]
        return not (settings.untuned or settings.tuned_on)

    def seconds_per_example(self, problem: str, optimizer: str) -> float | None:
        """Return the time of a training example in an optimizer's steps, or None where none was timed."""
        time = self.cost.time_per_step.get(problem, {}).get(optimizer) if self.cost else None
        length = whole_training(self.measured(problem).values())
        return None if time is None or length is None else time.seconds_per_example(length)

    def seeds(self, problem: str) -> int:
        """Return how many seeds every optimizer was trained with."""
        return len(self.settings.seeds(problem))

    def ranked(self, problem: str) -> list[str]:
        """Return optimizers by the mean of the problem's measure on the test examples, best first.

        Those without one are last; equals are in the order of their rows.
        """
        means = {name: found.reached.mean for name, found in self.measured(problem).items()}
        sign = -1 if self.judging(problem).higher_is_better else 1
        return sorted(self.settings.roster(problem), key=lambda name: _or(means[name], float("inf") * sign) * sign)

    def judging(self, problem: str) -> judging.Judging:
        """Return what a problem is judged by."""
        return judging.of(self.problems.problems[problem])

    def cheapest_first(self) -> list[str]:
        """Return the optimizers whose cost was measured, the cheapest training step first."""
        measured = self.cost.optimizers if self.cost else {}
        ratios = {name: measured[name].step_ratio.median for name in self.settings.optimizers if name in measured}
        return sorted(ratios, key=lambda name: _or(ratios[name], float("inf")))

    def with_defaults(self, class_name: str) -> str | None:
        """Return the optimizer that is a class of PyTorch with all its default arguments, or None."""
        rows = self.settings.optimizers.items()
        return next((name for name, row in rows if row.class_name == class_name and not row.arguments), None)

    def each(self, rows: Mapping[str, _T], say: Callable[[_T], str]) -> str:
        """Return ``SGD 0.1, Adam 0.001``: what there is to say of what was found, by optimizer."""
        return ", ".join(f"{self.label(name)} {say(found)}" for name, found in rows.items())

    def shown(self, problem: str) -> set[str]:
        """Return the optimizers that a figure shows in colour: the baseline, the winner, and the best of each group."""
        ranked = [name for name in self.ranked(problem) if name not in self.twins(problem)]
        rules = self.comparison.settings
        groups = ([self.baseline], ranked, rules.adaptive, rules.not_adaptive)
        best = (min(set(group) & set(ranked), key=ranked.index, default=None) for group in groups)
        return {name for name in best if name}

    def looks(self, optimizers: Sequence[str], problem: str) -> pd.DataFrame:
        """Return how optimizers are drawn in a figure on a problem, to be merged with the numbers of a plot.

        Columns ``rank`` (from 0, in the given order), ``optimizer``, ``label`` (plain text), ``baseline`` (whether
        it is), ``shown`` (whether in colour; the others are grey), ``colour``, ``dash``, ``marker`` and ``width``.
        """
        shown = self.shown(problem)
        return pd.DataFrame(
            {
                "rank": rank,
                "optimizer": name,
                # matplotlib would set what stands between dollars as a formula
                "label": self.settings.optimizers[name].label.replace("$", r"\$"),
                "baseline": name == self.baseline,
                "shown": name in shown,
                **vars(self.styles[name] if name in shown else colours.quiet(self.styles[name])),
            }
            for rank, name in enumerate(optimizers)
        )


def load(settings: Settings, root: Path = Path()) -> Results:
    """Read ``results/`` of the project in the folder `root`.

    Raises
    ------
    DataError
        Where a file is missing that every study has, or where an optimizer of the settings has no results.
    """
    return Results(
        settings=settings,
        problems=Problems.read(root / Problems.PATH),
        metrics=Metrics.read(root / Metrics.PATH),
        per_class=PER_CLASS.read(root),
        confusion=CONFUSION.read(root),
        training_curves=TRAINING_CURVES.read(root),
        searches=SEARCHES.read(root),
        champions=Champions.read(root / Champions.PATH),
        environment=Environment.read(root / Environment.PATH),
        comparison=Comparison.read(root / Comparison.PATH),
        verdicts=Verdicts.read(root / Verdicts.PATH),
        cost=Cost.read_if_there(root / Cost.PATH),
        backprop=WorkedExample.read_if_there(root / WorkedExample.PATH),
        recommendations=Recommendations.read(root / Recommendations.PATH),
        other_seeds=OtherSeeds.read_if_there(root / OtherSeeds.PATH),
    )


def of_problem(table: pd.DataFrame, problem: str) -> pd.DataFrame:
    """Return a table's rows on one problem."""
    return table[table["problem"] == problem].drop(columns="problem")


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
