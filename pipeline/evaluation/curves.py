"""Histories and searches as tidy tables: the data behind the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.running import merit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.running.outputs import Choice
    from pipeline.training.record import Outcome

_AVERAGED = ("train_loss", "update", "validation_loss", "validation_accuracy")


def training_curves(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """Average the histories of every optimizer's seeds; a value that a seed lacks has no mean."""
    rows = [
        {
            "problem": outcome.training.problem,
            "optimizer": outcome.training.optimizer,
            "step": point.step,
            "images": point.images,
            "epoch": point.images / _images_per_epoch(outcome),
            "train_loss": point.train_loss,
            "update": point.update,
            "validation_loss": point.validation_loss,
            # after a divergence it is 0: nothing is predicted, which is no measurement
            "validation_accuracy": point.validation_accuracy if point.train_loss is not None else None,
        }
        for outcome in outcomes
        for point in outcome.history
    ]
    frame = pd.DataFrame(rows).astype(dict.fromkeys(_AVERAGED, float))
    groups = frame.groupby(["problem", "optimizer", "step", "images", "epoch"], sort=True)
    means = groups[list(_AVERAGED)].mean().reset_index()
    counts = groups[list(_AVERAGED)].count().reset_index()
    # every seed has the first points, whatever they hold; one that diverged lacks the later ones
    seeds = groups.size().groupby(["problem", "optimizer"]).transform("max").to_numpy()
    # a mean over the seeds that happened to survive would flatter the optimizer
    for name in _AVERAGED:
        means[name] = means[name].where(counts[name] == seeds)
    return means


def learning_rate_curves(trials: Iterable[Outcome], choices: Mapping[tuple[str, str], Choice]) -> pd.DataFrame:
    """Return every trial of the learning-rate searches; `choices` is by problem and optimizer."""
    rows = [
        {
            "problem": outcome.training.problem,
            "optimizer": outcome.training.optimizer,
            "learning_rate": outcome.training.learning_rate,
            "validation_accuracy": merit.accuracy(outcome),
            "validation_loss": outcome.last.validation_loss,
            "diverged_at": outcome.diverged_at,
            "chosen": outcome.training.learning_rate
            == choices[outcome.training.problem, outcome.training.optimizer].learning_rate,
        }
        for outcome in trials
    ]
    frame = pd.DataFrame(rows).astype({"validation_accuracy": float, "validation_loss": float})
    return frame.astype({"diverged_at": "Int64"})


def _images_per_epoch(outcome: Outcome) -> float:
    if outcome.steps_per_epoch:
        return outcome.steps_per_epoch * outcome.training.batch_size
    # an older record: a training that diverged ends with the epoch in which it did
    epochs: float = outcome.training.epochs
    if outcome.diverged:
        measured = sum(point.validation_accuracy is not None for point in outcome.history)
        epochs = measured // outcome.training.validations_per_epoch
    return outcome.last.images / epochs
