"""What the learning-rate searches tell: how forgiving each optimizer is, and what a search budget buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.results.comparison import Search, Tolerance
from pipeline.statistics.samples import SampleError
from pipeline.statistics.search_curves import expected_best, learning_rate_tolerance

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.comparison.settings import Margins


def describe(trials: pd.DataFrame, margins: Margins, measure: Literal["accuracy", "loss"] = "accuracy") -> Search:
    """Describe the search of one optimizer on one problem: rows of ``results/learning_rates.csv``, one seed each."""
    sign, margin = (1, margins.learning_rate) if measure == "accuracy" else (-1, margins.loss)
    scores = sign * trials[f"validation_{measure}"].where(trials["diverged_at"].isna()).to_numpy(dtype=np.float64)
    rates = trials["learning_rate"].to_numpy(dtype=np.float64)
    finite = scores[np.isfinite(scores)]
    # a network that diverged predicts nothing; its loss counts as the worst that was found
    lost = 0.0 if measure == "accuracy" else min(finite, default=None)
    curve = np.array([]) if lost is None else sign * expected_best(scores, len(scores), diverged_score=lost)
    return Search(
        trials=len(scores),
        tolerance=_tolerance(rates, scores, margin, sign),
        expected_best=tuple(round(score, 6) for score in curve.tolist()),
    )


def _tolerance(rates: np.ndarray, scores: np.ndarray, margin: float, sign: int) -> Tolerance | None:
    """Return None where every trial diverged, or there is only one."""
    try:
        found = learning_rate_tolerance(rates, scores, margin)
    except SampleError:
        return None
    return Tolerance(
        decades=round(found.decades, 6),
        best_learning_rate=round(found.best_learning_rate, 6),
        best_score=round(sign * found.best_score, 6),
        open_low=found.open_low,
        open_high=found.open_high,
    )
