"""The rows of ``results/runs.csv``, with the exact settings and keys that ``results/metrics.json`` has of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.project.errors import DataError, SettingsError
from pipeline.project.wording import closest
from pipeline.results import tables
from pipeline.results.metrics import Metrics
from pipeline.results.problems import Problems
from pipeline.running.outputs import Setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.settings.study import MeasureName, Settings

# What ``results/runs.csv`` has of a training
FIGURES = ("validation_accuracy", "test_accuracy", "validation_loss", "test_loss", "train_loss")


@dataclass(frozen=True)
class Row:
    """One training: what was trained, and what came out of it."""

    problem: str
    optimizer: str
    label: str
    seed: int
    setting: Setting
    measure: MeasureName
    key: str
    figures: dict[str, float | None]  # by the names of `FIGURES`, as recorded
    diverged: bool
    weights: str | None  # of their hash; None where it was not recorded
    others: tuple[float | None, ...] = ()  # what all recorded seeds of the optimizer reached on test examples

    @property
    def reached(self) -> float | None:
        """The problem's measure on test examples: an accuracy (fraction) or a loss; None after a divergence."""
        return None if self.diverged else self.figures[f"test_{self.measure}"]


def rows_of(problem: str, optimizer: str, label: str, seeds: Sequence[int], found: OptimizerMetrics) -> list[Row]:
    """Return the trainings that stand behind the metrics of an optimizer, seed by seed."""
    quantities = {name: getattr(found, name) for name in FIGURES}
    survivors = [Setting(one.learning_rate, one.arguments) for one in found.search.survivors]
    return [
        Row(
            problem=problem,
            optimizer=optimizer,
            label=label,
            seed=seed,
            setting=survivors[found.search.picked[place]],
            measure=found.measure,
            key=found.trainings[place],
            figures={name: quantity.seeds[place] if quantity else None for name, quantity in quantities.items()},
            diverged=place in found.diverged,
            weights=found.weights[place] if found.weights else None,
            others=found.reached.seeds,
        )
        for place, seed in enumerate(seeds)
    ]


def chosen(
    settings: Settings, problem: str | None, optimizers: Sequence[str] | None, seeds: str | None, *, everything: bool
) -> list[Row]:
    """Return the recorded rows that a person asked for; see the options of the command."""
    for name in optimizers or ():
        settings.optimizer(name)  # refuses an unknown name
    wanted = list(optimizers or settings.optimizers)
    numbers = None if seeds is None else parsed(seeds)
    found = []
    for name in _problems(settings, problem, everything=everything):
        for own in _recorded(settings, name).values():
            if own[0].optimizer in wanted:
                found += _of_seeds(own, numbers, everything=everything)
    if not found:
        raise DataError(
            f"results/runs.csv has no row of {', '.join(wanted)} on {problem or 'the smallest problem'}"
            f"{f' with seeds {seeds}' if seeds else ''}: choose another problem, optimizer or seed."
        )
    return found


def _of_seeds(own: list[Row], numbers: Sequence[int] | None, *, everything: bool) -> list[Row]:
    if numbers is not None:
        return [row for row in own if row.seed in numbers]
    return own if everything else own[:1]


def parsed(seeds: str) -> list[int]:
    """Return the numbers of ``51,57`` or ``51-56``."""
    try:
        bounds = [[int(number) for number in part.split("-")] for part in seeds.split(",")]
        if all(len(each) <= 2 and each[-1] - each[0] < 10_000 for each in bounds):
            return [seed for each in bounds for seed in range(each[0], each[-1] + 1)]
    except ValueError:
        pass
    raise SettingsError(f"--seeds {seeds}: give whole numbers, such as 51,57 or 51-56.")


def _recorded(settings: Settings, problem: str) -> dict[str, list[Row]]:
    """Return the recorded rows of a problem whose optimizers are still in ``params.yaml``, by optimizer."""
    runs, metrics = tables.RUNS.read(), Metrics.read().problems.get(problem, {})
    found = {}
    for name, own in runs[runs["problem"] == problem].groupby("optimizer", sort=False):
        optimizer = str(name)
        if optimizer in metrics and optimizer in settings.optimizers:
            label = settings.optimizers[optimizer].label
            rows = rows_of(problem, optimizer, label, own["seed"].tolist(), metrics[optimizer])
            found[optimizer] = _as_in(own, rows)
    return found


def _as_in(table: pd.DataFrame, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with the figures that ``results/runs.csv`` has, should the two files differ."""
    columns = {name: [_number(value) for value in table[name]] for name in FIGURES}
    others = tuple(columns[f"test_{rows[0].measure}"])
    figures = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    ends = zip(rows, figures, table["diverged"].tolist(), strict=True)
    return [replace(row, figures=own, diverged=diverged, others=others) for row, own, diverged in ends]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _problems(settings: Settings, problem: str | None, *, everything: bool) -> list[str]:
    recorded = [name for name in Problems.read().problems if name in settings.problems]
    if problem is not None and problem not in recorded:
        raise SettingsError(f"--problem {problem}: the results have no such problem{closest(problem, recorded)}.")
    if problem is not None:
        return [problem]
    if not recorded:
        raise DataError("results/ has no problem of params.yaml: run `dvc repro` first.")
    return recorded if everything else [min(recorded, key=lambda name: _size(settings, name))]


def _size(settings: Settings, problem: str) -> int:
    """Return how many input numbers a training looks at."""
    facts = Problems.read().problems[problem]
    return settings.problems[problem].epochs * facts.counts["train"] * math.prod(facts.shape)
