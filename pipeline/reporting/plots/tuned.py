"""What tuning gains: the default setting beside the best of the search, and how many settings come close to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.reporting.drawing.axes import WIDTH, name_rows, tidy

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results

_VALUES = ["default", "best", "good"]


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer that was searched, the best search first.

    Columns: those of `Results.looks`, ``default`` and ``best`` (validation accuracy in per cent, or loss, of one seed;
    NaN where a row has no default setting, or it diverged), ``good`` (per cent of the first settings, the same for all
    rows, that come close to the best) and ``axis`` (what the values are).
    """
    judging = results.judging(problem)
    searches = results.comparison.problems[problem].searches
    sign = -1 if judging.higher_is_better else 1
    order = sorted(searches, key=lambda name: sign * searches[name].expected_best[-1])
    rows = [(name, one.default, one.expected_best[-1], one.good_settings) for name in order for one in [searches[name]]]
    numbers = pd.DataFrame(rows, columns=["optimizer", *_VALUES]).astype(dict.fromkeys(_VALUES, float))
    numbers[["default", "best"]] *= judging.scale
    numbers["good"] *= 100
    looks = results.looks(order, problem) if order else numbers[["optimizer"]]
    return looks.merge(numbers, on="optimizer").assign(axis=judging.axis("validation"))


def draw(frame: pd.DataFrame) -> Figure:
    """Draw two dots joined by a line for every optimizer, and a bar for its share of good settings beside them."""
    figure = Figure(figsize=(WIDTH, 1.5 + 0.32 * len(frame)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[2, 1])
    colours = list(frame["colour"])
    left.hlines(frame["rank"], frame["default"], frame["best"], color=colours, linewidth=2, zorder=1)
    ends = {"s": 55, "edgecolors": colours, "linewidths": 1.5, "zorder": 2}
    left.scatter(frame["default"], frame["rank"], marker="D", facecolors="white", label="default setting", **ends)
    left.scatter(frame["best"], frame["rank"], marker="o", c=colours, label="best of the search", **ends)
    right.barh(frame["rank"], frame["good"], color=colours, height=0.55)
    left.set_xlabel(f"{frame['axis'].iloc[0]}, one seed")
    right.set_xlabel("good settings (%)")
    left.set_ylabel("optimizer, best search first")
    left.set_ylim(len(frame) - 0.4, -0.6)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(6 if axes is left else 4))
        tidy(axes, "x")
    name_rows(left, frame)
    right.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure
