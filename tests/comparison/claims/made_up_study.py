"""Results that no training made: ten seeds around a level, so that every verdict can be brought about."""

from __future__ import annotations

import numpy as np

from pipeline.comparison.evidence import Evidence
from pipeline.comparison.settings import ComparisonSettings, Margins
from pipeline.results.comparison import (
    Comparison,
    ProblemComparison,
    Ranking,
    RankingOverProblems,
    Rules,
    Search,
    Tolerance,
)
from pipeline.results.metrics import Convergence, Length, Metrics, OptimizerMetrics, OverSeeds, Reached

SETTINGS = ComparisonSettings(
    baseline="adam",
    alpha=0.05,
    adaptive=("adagrad", "adadelta", "rmsprop", "adam", "amsgrad", "nadam"),
    not_adaptive=("sgd", "momentum", "nesterov"),
    fewest_problems=3,
    assignment_accuracy=0.47,
    margins=Margins(
        accuracy=0.005,
        alike=0.01,
        loss=0.02,
        speed=1.1,
        cost=1.1,
        step=1.25,
        step_left=0.5,
        learning_rate=0.02,
        tolerance=0.25,
    ),
)
LENGTH = 90_000
QUANTITIES = ("test_accuracy", "validation_accuracy", "train_loss", "generalization_gap")
TARGETS = {"to_loss": "train_loss", "to_accuracy": "validation_accuracy"}


def around(level, *, noise=0.002, seed=0, seeds=10):
    """Return `seeds` values whose mean is exactly `level` and whose spread is `noise` (relative above 1)."""
    if not isinstance(level, int | float):
        return list(level)
    wiggle = np.random.default_rng(seed).normal(0, noise, seeds)
    return (level + (wiggle - wiggle.mean()) * max(1, level)).tolist()


def entry(number, *, noise=0.002, on_edge=False, diverged=0, tuned=0.5, step=None, seeds=10, **levels):
    """Return one optimizer's metrics; `levels` are named as in QUANTITIES and TARGETS, the others have no seeds."""

    def values(level, place):
        return () if level is None else tuple(around(level, noise=noise, seed=10 * number + place, seeds=seeds))

    known = {name: of(values(levels.get(name), place)) for place, name in enumerate(QUANTITIES)}
    reached = {target: whole_numbers(values(levels.get(name), 7)) for name, target in TARGETS.items()}
    convergence = Convergence(
        **{
            name: Reached(target=1, steps=images, images=images) if images else None for name, images in reached.items()
        },
        step_persistence=of(values(step, 8)),
        length=Length(steps=LENGTH // 64, images=LENGTH),
    )
    return OptimizerMetrics(
        **known,
        train_accuracy=of(()),
        test_loss=of(()),
        calibration_error=of(()),
        per_class={},
        diverged=diverged,
        trainings=(),
        convergence=convergence,
        learning_rate=0.01,
        tuned_accuracy=tuned,
        trials=7,
        on_edge=on_edge,
        parameters={},
    )


def whole_numbers(seeds):
    return tuple(None if value is None else round(value) for value in seeds)


def of(seeds):
    """Return a quantity with these values."""
    mean = None if None in seeds or not seeds else float(np.mean(seeds))
    return OverSeeds(mean=mean, low=None, high=None, seeds=seeds)


def made_up_metrics(problems):
    """Return metrics; `problems` is {problem: {optimizer: keyword arguments of `entry`}}."""
    return Metrics(
        problems={
            problem: {name: entry(number, **arguments) for number, (name, arguments) in enumerate(optimizers.items())}
            for problem, optimizers in problems.items()
        }
    )


def study(problems, *, searches=None, cost=None):
    """Return evidence.

    `problems` is {problem: {optimizer: keyword arguments of `entry`}}; `searches` is {problem: {optimizer:
    (decades, open)}}; `cost` is a `Cost`.
    """
    nothing = {"ranks": {}, "blocks": 0, "critical_difference": None, "p": None, "left_out": (), "reason": "made up"}
    described = {
        problem: ProblemComparison(
            against_baseline={},
            ranking=Ranking(**nothing),
            searches={name: search(decades, is_open) for name, (decades, is_open) in optimizers.items()},
        )
        for problem, optimizers in (searches or {}).items()
    }
    rules = Rules.model_validate(SETTINGS.model_dump())
    comparison = Comparison(settings=rules, problems=described, ranking=RankingOverProblems(**nothing, problems=()))
    labels = {"adam": "Adam", "sgd": "SGD"}
    return Evidence(SETTINGS, made_up_metrics(problems), comparison, cost, labels, {"cifar10": "CIFAR-10"})


def search(decades, is_open):
    tolerance = Tolerance(decades=decades, best_learning_rate=0.01, best_score=0.5, open_low=False, open_high=is_open)
    return Search(trials=7, tolerance=tolerance, expected_best=())
