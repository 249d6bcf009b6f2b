"""Test accuracy (or loss) of every optimizer, best first: the mean with its interval, and the single seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from pipeline.reporting.drawing.axes import draw_interval, name_rows, one_panel, records, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pipeline.reporting.study_results import Results

_VALUES = ["value", "mean", "low", "high"]


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer and seed, best optimizer first; a twin of another one is left out.

    Columns: those of `Results.looks`, ``seed``, ``value``, ``mean``, ``low``, ``high`` (accuracies in per cent, or
    losses; the last three are the optimizer's, NaN where there is none), ``diverged`` (number of its seeds), ``axis``
    (what the values are), ``highest`` (that a value can have) and ``form`` (of a value).
    """
    judging = results.judging(problem)
    rows = [
        (name, seed, value, reached.mean, reached.low, reached.high, len(found.diverged))
        for name, found in results.measured(problem).items()
        for reached in [found.reached]
        for seed, value in zip(results.settings.seeds(problem), reached.seeds, strict=True)
    ]
    numbers = pd.DataFrame(rows, columns=["optimizer", "seed", *_VALUES, "diverged"])
    numbers[_VALUES] = judging.scale * numbers[_VALUES].astype(float)
    highest = 100.0 if judging.higher_is_better else np.inf
    numbers = numbers.assign(axis=judging.axis("test"), highest=highest, form=judging.form)
    ranked = [name for name in results.ranked(problem) if name not in results.twins(problem)]
    return results.looks(ranked, problem).merge(numbers, on="optimizer")


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a large dot and a bar for mean and interval, faint dots for seeds, an arrow for seeds left of the axis."""
    optimizers = frame.drop_duplicates("optimizer")
    figure, axes = one_panel(1.1 + 0.36 * len(optimizers), frame["axis"].iloc[0], "optimizer, best first")
    left, right = _limits(frame)
    axes.set_xlim(left, right)
    seen = frame[frame["value"] >= left]
    axes.scatter(seen["value"], seen["rank"] + 0.27, s=18, c=list(seen["colour"]), alpha=0.35, linewidths=0)
    beyond = frame[frame["value"] < left].drop_duplicates("optimizer")
    axes.scatter([left] * len(beyond), beyond["rank"] + 0.27, s=30, marker="<", c=list(beyond["colour"]), clip_on=False)
    for row in records(optimizers):
        draw_interval(axes, row, "mean", 8)
        _note_mean(axes, row)
    axes.set_ylim(len(optimizers) - 0.3, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    name_rows(axes, optimizers)
    tidy(axes, "x")
    return figure


def _limits(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis; a seed that diverged must not squeeze all others together."""
    sound = frame[frame["diverged"] == 0]
    shown = (sound if len(sound) else frame)[_VALUES].to_numpy(dtype=float)
    values = np.append(shown, frame["mean"].to_numpy(dtype=float))
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 100.0
    highest = float(frame["highest"].iloc[0])
    # a loss may have any size
    smallest = 0.2 if np.isfinite(highest) else 0.002 * float(values.max())
    margin = max(0.06 * float(np.ptp(values)), smallest)
    return max(float(values.min()) - margin, 0.0), min(float(values.max()) + margin, highest + 0.5)


def _note_mean(axes: Axes, row: dict[str, Any]) -> None:
    lost = f"  ({row['diverged']} diverged)" if row["diverged"] else ""
    axes.annotate(
        "diverged" if pd.isna(row["mean"]) else f"{row['mean']:{row['form']}}{lost}",
        (1.01, row["rank"]),
        xycoords=axes.get_yaxis_transform(),
        va="center",
        size=9.5,
        annotation_clip=False,
    )
