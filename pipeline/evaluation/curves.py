"""Histories as a tidy table: the data behind the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.training.record import Outcome

_AVERAGED = ("train_loss", "update", "validation_loss", "validation_accuracy")


def training_curves(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """Average the histories of every optimizer's seeds; a value that a seed lacks has no mean.

    Parameters
    ----------
    outcomes
        Of every problem, optimizer and seed one training.
    """
    rows = [
        {
            "problem": outcome.training.problem,
            "optimizer": outcome.training.optimizer,
            "step": point.step,
            "images": point.images,
            "epoch": point.step / outcome.steps_per_epoch,
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
