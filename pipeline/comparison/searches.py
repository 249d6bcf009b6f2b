"""What the learning-rate searches tell: how forgiving each optimizer is, and what a search budget buys."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.statistics.samples import SampleError
from pipeline.statistics.search_curves import expected_best, learning_rate_tolerance

if TYPE_CHECKING:
    import pandas as pd

# A network that diverged predicts nothing.
_DIVERGED_ACCURACY = 0.0


def describe(trials: pd.DataFrame, margin: float) -> dict[str, Any]:
    """Describe the search of one optimizer on one problem.

    Parameters
    ----------
    trials
        Rows of ``results/learning_rates.csv``: one a learning rate, one seed each.
    margin
        How far below the best validation accuracy (fraction) a learning rate is still a good one.

    Returns
    -------
    dict
        ``trials``; ``tolerance``: as `learning_rate_tolerance`, None where it cannot be told (every trial
        diverged, or there is only one); ``expected_best``: the expected best validation accuracy after
        1, 2, … trials.
    """
    scores = trials["validation_accuracy"].where(trials["diverged_at"].isna()).to_numpy(dtype=np.float64)
    rates = trials["learning_rate"].to_numpy(dtype=np.float64)
    try:
        tolerance = asdict(learning_rate_tolerance(rates, scores, margin))
    except SampleError:
        tolerance = None
    curve = expected_best(scores, len(scores), diverged_score=_DIVERGED_ACCURACY)
    return {"trials": len(scores), "tolerance": tolerance, "expected_best": curve.tolist()}
