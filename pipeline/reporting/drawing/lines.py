"""One line per optimizer, and the legend that names the lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from pipeline.reporting.drawing.axes import records, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = 8  # on a line


def draw_lines(axes: Axes, frame: pd.DataFrame, x: str = "epoch") -> None:
    """Draw column ``value`` over the column `x` for every optimizer, the baseline on top."""
    for number, (_, rows) in enumerate(frame.groupby("optimizer", sort=False)):
        first = rows.iloc[0]
        every = max(1, len(rows) // _MARKERS)
        axes.plot(
            rows[x],
            rows["value"],
            **_style(first),
            # shifted from line to line, so that markers do not cover each other
            markevery=(number % every if every > 1 else 0, every),
            zorder=3 if first["baseline"] else 2,
        )
    axes.set_xlim(left=0)
    tidy(axes)


def name_lines(figure: Figure, frame: pd.DataFrame, title: str) -> None:
    """Put the legend on the right, in the order of the frame."""
    rows = records(frame.drop_duplicates("optimizer"))
    handles = [Line2D([], [], **_style(row), label=row["label"]) for row in rows]
    if handles:
        figure.legend(handles=handles, loc="outside right upper", frameon=False, title=title, handlelength=3)


def _style(row: Mapping[Any, Any] | pd.Series[Any]) -> dict[str, Any]:
    return {
        "color": row["colour"],
        "linestyle": row["dash"],
        "linewidth": row["width"],
        "marker": row["marker"],
        "markersize": 4.5,
    }
