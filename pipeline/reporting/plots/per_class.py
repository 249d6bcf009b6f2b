"""Accuracy of every optimizer on every class, as a heat map with its numbers."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from matplotlib.colors import Normalize

from pipeline.reporting.drawing.axes import name_rows
from pipeline.reporting.drawing.heatmap import heat_map
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from pipeline.reporting.study_results import Results


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer and class, best optimizer first, classes in their own order.

    Columns: those of `Results.looks` (``rank`` is the row), ``column`` (place of the class from 0), ``class`` and
    ``accuracy`` (per cent, mean over seeds).
    """
    table = of_problem(results.per_class, problem)
    columns = {name: place for place, name in enumerate(table["class"].drop_duplicates())}
    table = table.assign(column=table["class"].map(columns), accuracy=100 * table["accuracy"])
    frame = results.looks(results.ranked(problem), problem).merge(table, on="optimizer")
    return frame.sort_values(["rank", "column"]).reset_index(drop=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the heat map; darker is better."""
    # to full tens: the shades are then used where the numbers are
    lowest, highest = frame["accuracy"].min(), frame["accuracy"].max()
    norm = Normalize(10 * floor(lowest / 10), min(10 * ceil(highest / 10 + 1e-9), 100))
    cells = frame.assign(row=frame["rank"], shade=frame["accuracy"], text=frame["accuracy"].map("{:.1f}".format))
    figure, axes = heat_map(cells.assign(bold=False), "YlGnBu", norm, 0.36, "accuracy on the class (%)")
    classes = frame.drop_duplicates("column").sort_values("column")
    axes.set_xticks(range(len(classes)), list(classes["class"]), rotation=30, ha="right")
    name_rows(axes, frame.drop_duplicates("rank"))
    axes.set_xlabel("class")
    axes.set_ylabel("optimizer, best first")
    return figure
