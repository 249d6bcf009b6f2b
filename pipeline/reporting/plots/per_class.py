"""Accuracy of every optimizer on every class, as a heat map with its numbers."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from pipeline.reporting.drawing.axes import WIDTH, name_rows, records
from pipeline.reporting.drawing.colours import ink_on

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.reporting.results import Results


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer and class, best optimizer first, classes in their own order.

    Returns
    -------
    DataFrame
        Columns ``row``, ``column`` (places from 0), ``optimizer``, ``label``, ``class`` and ``accuracy`` (per
        cent, mean over seeds).
    """
    table = results.per_class
    table = table[table["problem"] == problem]
    columns = {name: place for place, name in enumerate(table["class"].drop_duplicates())}
    places = {name: place for place, name in enumerate(results.ranked(problem))}
    table = table[table["optimizer"].isin(places)]
    frame = table[["optimizer", "class"]].assign(
        row=table["optimizer"].map(places),
        column=table["class"].map(columns),
        label=table["optimizer"].map(results.label),
        accuracy=100 * table["accuracy"],
    )
    return frame.sort_values(["row", "column"]).reset_index(drop=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the heat map; darker is better.

    Parameters
    ----------
    frame
        What `data` returns.
    """
    grid = frame.pivot_table(index="row", columns="column", values="accuracy")
    figure = Figure(figsize=(WIDTH, 1.5 + 0.36 * len(grid)), layout="constrained")
    axes = figure.subplots()
    colours = mpl.colormaps["YlGnBu"]
    # to full tens: the shades are then used where the numbers are
    norm = Normalize(10 * floor(grid.min().min() / 10), min(10 * ceil(grid.max().max() / 10 + 1e-9), 100))
    image = axes.imshow(grid.to_numpy(), cmap=colours, norm=norm, aspect="auto")
    for cell in records(frame):
        axes.text(
            cell["column"],
            cell["row"],
            f"{cell['accuracy']:.1f}",
            ha="center",
            va="center",
            size=9,
            color=ink_on(colours(norm(cell["accuracy"]))),
        )
    classes = frame.drop_duplicates("column").sort_values("column")
    axes.set_xticks(range(len(classes)), list(classes["class"]), rotation=30, ha="right")
    name_rows(axes, frame.drop_duplicates("row"))
    axes.set_xlabel("class")
    axes.set_ylabel("optimizer, best first")
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="accuracy on the class (%)", pad=0.01, aspect=30)
    return figure
