"""What the champion takes for what: its confusion matrix on the test examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.colors import Normalize

from pipeline.reporting.drawing.heatmap import heat_map
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from pipeline.reporting.study_results import Results


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every pair of actual and predicted class.

    Columns ``row``, ``column`` (places from 0), ``actual``, ``predicted``, ``count`` (test examples) and
    ``share`` (per cent of the actual class). The predicted class ``none`` stands last, if it occurs.
    """
    table = of_problem(results.confusion, problem).reset_index(drop=True)
    classes = dict.fromkeys([*table["actual"], *table["predicted"]])
    places = {name: place for place, name in enumerate(classes)}
    return table.assign(
        row=table["actual"].map(places),
        column=table["predicted"].map(places),
        share=100 * table["count"] / table.groupby("actual")["count"].transform("sum"),
    )


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the counts; the colour shows the share of the actual class."""
    cells = frame.assign(shade=frame["share"], text=frame["count"].astype(str), bold=frame["row"] == frame["column"])
    figure, axes = heat_map(cells, "Blues", Normalize(0, 100), 0.5, "share of the actual class (%)")
    predicted = frame.drop_duplicates("column").sort_values("column")["predicted"]
    actual = frame.drop_duplicates("row").sort_values("row")["actual"]
    axes.set_xticks(range(len(predicted)), list(predicted), rotation=30, ha="right")
    axes.set_yticks(range(len(actual)), list(actual))
    axes.set_xlabel("predicted class")
    axes.set_ylabel("actual class")
    return figure
