"""The final trainings as a tidy table, which any other program reads without knowing the study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.results.tables import RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.results.metrics import Metrics, OptimizerMetrics

_MEASURES = ("validation_accuracy", "test_accuracy", "test_loss", "train_loss", "train_accuracy")


def runs(metrics: Metrics, seeds: Callable[[str], Sequence[int]]) -> pd.DataFrame:
    """Return a row per problem, optimizer and seed, with the columns of ``results/runs.csv``.

    Parameters
    ----------
    metrics
        What was measured, its values in the order of the seeds.
    seeds
        Returns the seeds of a problem, in their order.

    Raises
    ------
    ValueError
        Where an optimizer has another number of values than the problem has seeds.
    """
    rows = [
        {"problem": problem, "optimizer": name, **row}
        for problem, entries in metrics.problems.items()
        for name, found in entries.items()
        for row in _rows(found, seeds(problem))
    ]
    return pd.DataFrame(rows, columns=list(RUNS.columns))


def _rows(found: OptimizerMetrics, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    # a problem without classes has no accuracy
    columns = [quantity.seeds if (quantity := getattr(found, name)) else [None] * len(seeds) for name in _MEASURES]
    for seed, *values in zip(seeds, *columns, strict=True):
        measured = dict(zip(_MEASURES, values, strict=True))
        # a training that diverged has no finite loss
        diverged = measured["train_loss"] is None
        yield {"seed": seed, "learning_rate": found.learning_rate, **measured, "diverged": diverged}
