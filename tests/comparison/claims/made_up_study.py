"""Results that no training made: ten seeds around a level, so that every verdict can be brought about."""

from __future__ import annotations

import numpy as np

from pipeline.comparison.evidence import Evidence
from pipeline.comparison.settings import ComparisonSettings, Margins

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
    """Return one optimizer's metrics; `levels` are named as in QUANTITIES and TARGETS."""
    found = {
        name: {"seeds": around(levels[name], noise=noise, seed=10 * number + place, seeds=seeds)}
        for place, name in enumerate(QUANTITIES)
        if name in levels
    }
    convergence = {
        target: {"images": around(levels[name], noise=noise, seed=10 * number + 7, seeds=seeds)}
        for name, target in TARGETS.items()
        if name in levels
    }
    if step is not None:
        convergence["step_persistence"] = {"seeds": around(step, noise=noise, seed=10 * number + 8, seeds=seeds)}
    convergence["length"] = {"steps": LENGTH // 64, "images": LENGTH}
    return {
        **found,
        "convergence": convergence,
        "on_edge": on_edge,
        "diverged": diverged,
        "tuned_accuracy": tuned,
    }


def study(problems, *, searches=None, cost=None):
    """Return evidence.

    `problems` is {problem: {optimizer: keyword arguments of `entry`}}; `searches` is {problem: {optimizer:
    (decades, open)}}.
    """
    metrics = {
        problem: {name: entry(number, **arguments) for number, (name, arguments) in enumerate(optimizers.items())}
        for problem, optimizers in problems.items()
    }
    described = {
        problem: {
            "searches": {
                name: {"trials": 7, "tolerance": {"decades": decades, "open_low": False, "open_high": is_open}}
                for name, (decades, is_open) in optimizers.items()
            }
        }
        for problem, optimizers in (searches or {}).items()
    }
    labels = {"adam": "Adam", "sgd": "SGD"}
    return Evidence(SETTINGS, metrics, {"problems": described}, cost, labels, {"cifar10": "CIFAR-10"})
