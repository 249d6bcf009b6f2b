"""What every optimizer has reached after the time that the cheapest one needs for its whole training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.project.numbers import decimals, rounded
from pipeline.results.comparison import AtEqualSeconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from pipeline.comparison.evidence import Evidence


def of_problem(evidence: Evidence, problem: str, curves: pd.DataFrame) -> AtEqualSeconds | None:
    """Read the mean curves of a problem at equal seconds; None where no step was timed.

    `curves` is ``results/training_curves.csv``. Between two looks the curves are interpolated linearly.
    """
    images = evidence.images(problem)
    rates = {name: evidence.seconds_per_image(problem, name) for name in evidence.metrics.problems[problem]}
    known = {name: rate for name, rate in rates.items() if rate is not None}
    here = curves[curves["problem"] == problem]
    if images is None or not known or here.empty:
        return None
    seconds = min(known.values()) * images
    reached = {name: seconds / rate for name, rate in known.items()}
    losses, accuracies, lows, highs = (
        _all_at(here, column, reached)
        for column in ("train_loss", "validation_accuracy", "validation_accuracy_low", "validation_accuracy_high")
    )
    ordered = sorted(reached, key=lambda name: (-accuracies.get(name, 0.0), losses.get(name, np.inf)))
    return AtEqualSeconds(
        seconds=rounded(seconds, 6),
        share={name: round(reached[name] / images, 6) for name in ordered},
        train_loss={name: losses[name] for name in ordered if name in losses},
        validation_accuracy={name: accuracies[name] for name in ordered if name in accuracies},
        low={name: lows[name] for name in ordered if name in lows},
        high={name: highs[name] for name in ordered if name in highs},
    )


def _all_at(curves: pd.DataFrame, column: str, reached: Mapping[str, float]) -> dict[str, float]:
    found = {name: _at(curves[curves["optimizer"] == name], column, images) for name, images in reached.items()}
    return {name: value for name, value in found.items() if value is not None}


def _at(curve: pd.DataFrame, column: str, images: float) -> float | None:
    known = curve[curve[column].notna()].sort_values("images")
    if known.empty:
        return None
    return decimals(float(np.interp(images, known["images"], known[column].astype(float))))
