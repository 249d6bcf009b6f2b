"""Results that no training made: ten seeds around a level, so that every verdict can be brought about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.comparison.evidence import Evidence
from pipeline.comparison.settings import ComparisonSettings, Margins
from pipeline.results.cost import Cost, Ratio, StepCost, StepTime
from pipeline.results.metrics import (
    Length,
    Metrics,
    OptimizerMetrics,
    OverSeeds,
    Reached,
    Search,
    SettingRecord,
    Speed,
)
from pipeline.results.tables import SEARCHES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.results.comparison import Difference

    Level = float | Sequence[float | None]
    Rows = Mapping[str, Mapping[str, Any]]

SETTINGS = ComparisonSettings(
    baseline="adam",
    alpha=0.05,
    adaptive=("adagrad", "adadelta", "rmsprop", "adam", "nadam", "adamw"),
    not_adaptive=("sgd", "momentum", "nesterov"),
    assignment_accuracy=0.47,
    margins=Margins(
        accuracy=0.005,
        loss=0.02,
        speed=1.1,
        cost=1.1,
        step=1.25,
        step_left=0.5,
        search=0.02,
        search_loss=0.1,
        good_settings=0.1,
        alike=2.0,
    ),
)
LENGTH = Length(steps=1_500, images=96_000)
POINTS = 12
LABELS = {"adam": "Adam", "sgd": "SGD", "nadam": "NAdam", "muon": "Muon"}


def around(level: Level, *, noise: float = 0.002, seed: int = 0, seeds: int = 10) -> list[float | None]:
    """Return `seeds` values whose mean is exactly `level` and whose spread is `noise` (relative above 1)."""
    if not isinstance(level, int | float):
        return list(level)
    wiggle = np.random.default_rng(seed).normal(0, noise, seeds)
    wiggle -= wiggle.mean()
    return [float(value) for value in level + wiggle * max(1, level)]


def of(seeds: Sequence[float | None]) -> OverSeeds:
    """Return a quantity with these values."""
    known = [value for value in seeds if value is not None]
    mean = float(np.mean(known)) if known and len(known) == len(seeds) else None
    return OverSeeds(mean=mean, low=None, high=None, seeds=tuple(seeds))


def entry(
    number: int,
    *,
    test: Level = 0.5,
    validation: Level = 0.5,
    train: Level = 0.6,
    fit: Level = 0.6,
    end: Level = 1.0,
    test_loss: Level = 1.2,
    validation_loss: Level = 1.2,
    images: Sequence[Level] = (),
    step: Level = 0.9,
    noise: float = 0.002,
    seeds: int = 10,
    diverged: Sequence[int] = (),
    on_border: bool = False,
    parameters: Mapping[str, int] | None = None,
    twin_of: str | None = None,
    measure: str = "accuracy",
) -> OptimizerMetrics:
    """Return one optimizer's metrics.

    `train` and `test` are the accuracies of the picks, `fit` and `end` the best training accuracy and final training
    loss; `images` are those to the targets of the training loss.
    """
    places = iter(range(100))

    def values(level: Level) -> OverSeeds:
        own = around(level, noise=noise, seed=100 * number + next(places), seeds=seeds)
        return of(own)

    def lost(quantity: OverSeeds) -> OverSeeds:
        return of([None if place in diverged else value for place, value in enumerate(quantity.seeds)])

    accuracy, training = values(test), values(train)
    gaps = [None if a is None or b is None else a - b for a, b in zip(training.seeds, accuracy.seeds, strict=False)]
    return OptimizerMetrics(
        test_accuracy=accuracy,
        train_accuracy=training,
        validation_accuracy=values(validation),
        generalization_gap=of(gaps),
        test_loss=lost(values(test_loss)),
        train_loss=lost(values(end)),
        validation_loss=lost(values(validation_loss)),
        calibration_error=None,
        best_train_loss=values(end),
        best_train_accuracy=values(fit),
        per_class={},
        speed=Speed(
            train_loss=tuple(
                Reached(target=2.0 - 0.5 * place, images=values(level).seeds) for place, level in enumerate(images)
            ),
            area=values(end),
        ),
        step_persistence=lost(values(step)),
        length=LENGTH,
        search=Search(
            survivors=(SettingRecord(learning_rate=0.01), SettingRecord(learning_rate=0.003)),
            picked=(0,) * seeds,
            trials=POINTS,
            on_edge=on_border,
        ),
        diverged=tuple(diverged),
        trainings=(),
        parameters={"Adam": 10} if parameters is None else dict(parameters),
        twin_of=twin_of,
        measure="loss" if measure == "loss" else "accuracy",
    )


def made_up_metrics(problems: Mapping[str, Rows]) -> Metrics:
    """Return metrics; `problems` is {problem: {optimizer: keyword arguments of `entry`}}."""
    return Metrics(
        problems={
            problem: {name: entry(number, **arguments) for number, (name, arguments) in enumerate(rows.items())}
            for problem, rows in problems.items()
        }
    )


def study(
    problems: Mapping[str, Rows],
    *,
    trials: Mapping[str, Mapping[str, Sequence[float | None]]] | None = None,
    steps: Mapping[str, float] | None = None,
    cost: Cost | None = None,
    constant: Sequence[str] = (),
) -> Evidence:
    """Return evidence.

    `problems` is {problem: {optimizer: keyword arguments of `entry`}}; `trials` is {problem: {optimizer: results of the
    search by point, None for a divergence}}; `steps` the microseconds of a step by optimizer, on every problem.
    """
    metrics = made_up_metrics(problems)
    return Evidence(
        settings=SETTINGS,
        metrics=metrics,
        searches=searches(trials or {}),
        points=POINTS,
        cost=cost or (Cost(optimizers={}, time_per_step=_times(problems, steps)) if steps else None),
        constant=constant,
        labels=LABELS,
    )


def _times(problems: Mapping[str, Rows], steps: Mapping[str, float]) -> dict[str, dict[str, StepTime]]:
    ratio = Ratio(median=1.0, low=0.99, high=1.01)
    return {
        problem: {name: StepTime(microseconds=steps[name], ratio=ratio) for name in rows if name in steps}
        for problem, rows in problems.items()
    }


def timed(low: float | None, high: float | None, *problems: str) -> Cost:
    """Return timings of Adam, the interval of its step's ratio from `low` to `high`."""
    ratio = Ratio(median=None if low is None or high is None else (low + high) / 2, low=low, high=high)
    kept = StepCost(
        step_ratio=ratio,
        optimizer_ratio=ratio,
        microseconds_per_step=1500.0,
        microseconds_optimizer=100.0,
        state_bytes_per_parameter=8.0,
        rounds=(),
    )
    times = {problem: {"adam": StepTime(microseconds=1500.0, ratio=ratio)} for problem in problems}
    return Cost(optimizers={"adam": kept}, time_per_step=times)


def searches(trials: Mapping[str, Mapping[str, Sequence[float | None]]]) -> pd.DataFrame:
    """Return ``results/searches.csv`` of these results by problem, optimizer and point."""
    rows = [
        {
            "problem": problem,
            "optimizer": name,
            "learning_rate": 10 ** (-4 + 3 * (number + 0.5) / len(results)),
            "number": number,
            "validation_accuracy": 0.0 if result is None else result,
            "validation_loss": result,
            "diverged_at": 7 if result is None else np.nan,
            "hopeless": False,
        }
        for problem, optimizers in trials.items()
        for name, results in optimizers.items()
        for number, result in enumerate(results)
    ]
    return pd.DataFrame(rows, columns=list(SEARCHES.columns))


def shown(found: Difference) -> str:
    """Return a difference in short, for messages of tests."""
    return f"{found.outcome}: {found.difference} ({found.low} to {found.high}), p {found.corrected_p}"
