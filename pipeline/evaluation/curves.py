"""Histories as a tidy table: the data behind the curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.statistics.intervals import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

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
    return means.assign(**_interval(means["validation_accuracy"], groups["validation_accuracy"].std(), seeds))


def _interval(mean: pd.Series[float], spread: pd.Series[float], seeds: NDArray[np.int64]) -> dict[str, Any]:
    """Return the ends of the 95 % Student t interval of a mean; none of a single seed, whose spread is unknown."""
    from scipy import stats

    reach = stats.t.ppf((1 + CONFIDENCE) / 2, np.maximum(seeds - 1, 1)) * spread.to_numpy() / np.sqrt(seeds)
    return {"validation_accuracy_low": mean - reach, "validation_accuracy_high": mean + reach}
