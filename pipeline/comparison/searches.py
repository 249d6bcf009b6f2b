"""What the learning-rate searches tell: how forgiving each optimizer is, and what a search budget buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.results.comparison import Search, Tolerance
from pipeline.statistics.samples import SampleError
from pipeline.statistics.search_curves import expected_best, learning_rate_tolerance

if TYPE_CHECKING:
    import pandas as pd


def describe(trials: pd.DataFrame, margin: float) -> Search:
    """Describe the search of one optimizer on one problem: rows of ``results/learning_rates.csv``, one seed each."""
    scores = trials["validation_accuracy"].where(trials["diverged_at"].isna()).to_numpy(dtype=np.float64)
    rates = trials["learning_rate"].to_numpy(dtype=np.float64)
    # a network that diverged predicts nothing
    curve = expected_best(scores, len(scores), diverged_score=0.0)
    return Search(
        trials=len(scores),
        tolerance=_tolerance(rates, scores, margin),
        expected_best=tuple(round(score, 6) for score in curve.tolist()),
    )


def _tolerance(rates: np.ndarray, scores: np.ndarray, margin: float) -> Tolerance | None:
    """Return None where every trial diverged, or there is only one."""
    try:
        found = learning_rate_tolerance(rates, scores, margin)
    except SampleError:
        return None
    return Tolerance(
        decades=round(found.decades, 6),
        best_learning_rate=round(found.best_learning_rate, 6),
        best_score=round(found.best_score, 6),
        open_low=found.open_low,
        open_high=found.open_high,
    )
