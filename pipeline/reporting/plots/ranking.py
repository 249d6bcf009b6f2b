"""Test accuracy of every optimizer, best first: the mean with its interval, and the single seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.reporting.drawing.axes import WIDTH, name_rows, records, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.reporting.results import Results


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer and seed, best optimizer first.

    Returns
    -------
    DataFrame
        Columns ``rank`` (from 0), ``optimizer``, ``label``, ``seed``, ``accuracy``, ``mean``, ``low``, ``high``
        (per cent; the last three are the optimizer's, NaN where there is none), ``diverged`` (number of its
        seeds) and ``colour``.
    """
    rows = []
    for rank, name in enumerate(results.ranked(problem)):
        found = results.metrics[problem][name]
        quantity = found["test_accuracy"]
        for seed, accuracy in zip(results.settings.seeds(problem), quantity["seeds"], strict=True):
            rows.append(
                {
                    "rank": rank,
                    "optimizer": name,
                    "label": results.label(name),
                    "seed": seed,
                    "accuracy": _percent(accuracy),
                    **{bound: _percent(quantity[bound]) for bound in ("mean", "low", "high")},
                    "diverged": found["diverged"],
                    "colour": results.styles[name].colour,
                }
            )
    return pd.DataFrame(rows)


def _percent(fraction: float | None) -> float:
    return float("nan") if fraction is None else 100 * fraction


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a line an optimizer: a large dot and a bar for mean and interval, below them faint dots for seeds.

    An arrow on the left edge stands for seeds further down than the axis goes.

    Parameters
    ----------
    frame
        What `data` returns.
    """
    optimizers = frame.drop_duplicates("optimizer")
    figure = Figure(figsize=(WIDTH, 1.1 + 0.36 * len(optimizers)), layout="constrained")
    axes = figure.subplots()
    left, right = _limits(frame)
    axes.set_xlim(left, right)
    seen = frame[frame["accuracy"] >= left]
    below = seen["rank"] + 0.27
    axes.scatter(seen["accuracy"], below, s=18, c=list(seen["colour"]), alpha=0.35, linewidths=0)
    beyond = frame[frame["accuracy"] < left].drop_duplicates("optimizer")
    axes.scatter([left] * len(beyond), beyond["rank"] + 0.27, s=30, marker="<", c=list(beyond["colour"]), clip_on=False)
    for row in records(optimizers):
        _draw_row(axes, row)
    axes.set_ylim(len(optimizers) - 0.3, -0.6)
    axes.set_xlabel("test accuracy (%)")
    axes.set_ylabel("optimizer, best first")
    axes.xaxis.set_major_locator(MaxNLocator(8))
    name_rows(axes, optimizers)
    tidy(axes, "x")
    return figure


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis; a seed that diverged must not squeeze all others together."""
    sound = frame[frame["diverged"] == 0]
    shown = (sound if len(sound) else frame)[["accuracy", "low", "high", "mean"]].to_numpy(dtype=float)
    values = np.append(shown, frame["mean"].to_numpy(dtype=float))
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 100.0
    margin = max(0.06 * float(np.ptp(values)), 0.2)
    return max(float(values.min()) - margin, 0.0), min(float(values.max()) + margin, 100.5)


def _draw_row(axes: Axes, row: dict[str, float | str]) -> None:
    rank, colour = float(row["rank"]), str(row["colour"])
    axes.plot([float(row["low"]), float(row["high"])], [rank, rank], color=colour, linewidth=2.5)
    axes.plot([float(row["mean"])], [rank], "o", color=colour, markersize=8)
    if pd.isna(row["mean"]):
        note = "diverged"
    else:
        note = f"{row['mean']:.1f}" + (f"  ({row['diverged']} diverged)" if row["diverged"] else "")
    axes.annotate(
        note,
        (1.01, rank),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        size=9.5,
        annotation_clip=False,
    )
