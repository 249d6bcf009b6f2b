"""What all plots have in common: width, grid, and rows of optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from matplotlib.figure import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WIDTH = 8.0  # inches, of every figure, so that texts have one size in the report


def one_panel(height: float, x: str = "", y: str = "") -> tuple[Figure, Axes]:
    """Return a figure of that height in inches and its only axes, which are named."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    return figure, axes


def tidy(axes: Axes, grid: str = "both") -> None:
    """Leave a faint grid (``x``, ``y`` or ``both``) and the two axes that carry numbers."""
    axes.grid(visible=True, axis=cast(Any, grid), alpha=0.3, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, in order."""
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def name_rows(axes: Axes, frame: pd.DataFrame) -> None:
    """Name the rows 0, 1, … of the y axis from top to bottom by column ``label``, the baseline in bold."""
    axes.set_yticks(range(len(frame)), list(frame["label"]))
    for text, baseline in zip(axes.get_yticklabels(), frame["baseline"], strict=True):
        text.set_fontweight("bold" if baseline else "normal")
    axes.tick_params(axis="y", length=0)


def draw_interval(axes: Axes, row: dict[str, Any], value: str, size: float) -> None:
    """Draw a dot of `size` points at column `value`, and a bar from ``low`` to ``high``, on line ``rank``."""
    axes.plot([row["low"], row["high"]], [row["rank"]] * 2, color=row["colour"], linewidth=2.5)
    axes.plot([row[value]], [row["rank"]], "o", color=row["colour"], markersize=size)
