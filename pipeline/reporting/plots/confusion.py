"""What the champion takes for what: its confusion matrix on the test examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from pipeline.reporting.drawing.axes import WIDTH, records
from pipeline.reporting.drawing.colours import ink_on

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.reporting.results import Results


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every pair of actual and predicted class.

    Returns
    -------
    DataFrame
        Columns ``row``, ``column`` (places from 0), ``actual``, ``predicted``, ``count`` (test examples) and
        ``share`` (per cent of the actual class). The predicted class ``none`` stands last, if it occurs.
    """
    table = results.confusion
    table = table[table["problem"] == problem].reset_index(drop=True)
    classes = list(table["actual"].drop_duplicates())
    extra = [name for name in table["predicted"].drop_duplicates() if name not in classes]
    places = {name: place for place, name in enumerate([*classes, *extra])}
    totals = table.groupby("actual")["count"].transform("sum")
    return table[["actual", "predicted", "count"]].assign(
        row=table["actual"].map(places),
        column=table["predicted"].map(places),
        share=100 * table["count"] / totals,
    )


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the counts; the colour tells the share of the actual class.

    Parameters
    ----------
    frame
        What `data` returns.
    """
    grid = frame.pivot_table(index="row", columns="column", values="share", fill_value=0.0)
    figure = Figure(figsize=(WIDTH, 1.6 + 0.5 * len(grid)), layout="constrained")
    axes = figure.subplots()
    colours = mpl.colormaps["Blues"]
    image = axes.imshow(grid.to_numpy(), cmap=colours, vmin=0, vmax=100, aspect="auto")
    for cell in records(frame):
        axes.text(
            cell["column"],
            cell["row"],
            str(cell["count"]),
            ha="center",
            va="center",
            size=9.5,
            weight="bold" if cell["row"] == cell["column"] else "normal",
            color=ink_on(colours(cell["share"] / 100)),
        )
    predicted = frame.drop_duplicates("column").sort_values("column")["predicted"]
    actual = frame.drop_duplicates("row").sort_values("row")["actual"]
    axes.set_xticks(range(len(predicted)), list(predicted), rotation=30, ha="right")
    axes.set_yticks(range(len(actual)), list(actual))
    axes.set_xlabel("predicted class")
    axes.set_ylabel("actual class")
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="share of the actual class (%)", pad=0.01, aspect=30)
    return figure
