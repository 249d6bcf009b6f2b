"""One line per optimizer, and its name at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.reporting.drawing.axes import records, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_MARKERS = 8  # on a line
_NAME_HEIGHT = 12.5  # points from one name to the next


def draw_lines(axes: Axes, frame: pd.DataFrame, x: str = "epoch") -> None:
    """Draw column ``value`` over the column `x` for every optimizer, those in colour above the grey ones."""
    for number, (_, rows) in enumerate(frame.groupby("optimizer", sort=False)):
        first = rows.iloc[0]
        every = max(1, len(rows) // _MARKERS)
        axes.plot(
            rows[x],
            rows["value"],
            **_style(first),
            # shifted from line to line, so that markers do not cover each other
            markevery=(number % every if every > 1 else 0, every),
            zorder=_order(first),
        )
    axes.set_xlim(left=0)
    tidy(axes)


def name_ends(axes: Axes, frame: pd.DataFrame, x: str = "epoch") -> None:
    """Write every optimizer's name right of the axes, at the height where its line ends; limits are set before."""
    ends = records(frame.sort_values(x, kind="stable").groupby("optimizer", sort=False).tail(1))
    if not ends:
        return
    points = axes.get_window_extent().height * 72 / axes.figure.dpi
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = np.clip([to_axes.transform((row[x], row["value"]))[1] for row in ends], 0, 1)
    for row, height, place in zip(ends, wanted, _apart(wanted, _NAME_HEIGHT / points), strict=True):
        axes.annotate(
            row["label"],
            (1.0, height),
            (1.05, place),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            size=9,
            weight="bold" if row["baseline"] else "normal",
            color=row["colour"],
            annotation_clip=False,
            # to the beginning of the name, not to its middle, where it would cross other names
            arrowprops={
                "arrowstyle": "-",
                "color": row["colour"],
                "linewidth": 0.5,
                "relpos": (0, 0.5),
                "shrinkA": 1,
                "shrinkB": 0,
            },
        )


def _apart(wanted: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Move heights (0 to 1) apart, each as little as it takes, so that no two are closer than `gap`; their order stays.

    Pool adjacent violators: names that would overlap become one block around the mean of what they want.
    """
    order = np.argsort(wanted, kind="stable")
    last = max(1 - (len(wanted) - 1) * gap, 0.0)  # where the lowest name may stand, so that the highest has room
    blocks: list[list[float]] = []  # of each the wanted start of its lowest name, and how many it holds
    for place, height in enumerate(wanted[order]):
        blocks.append([min(max(float(height) - place * gap, 0.0), last), 1])
        while len(blocks) > 1 and blocks[-1][0] <= blocks[-2][0]:
            (low, count), (high, more) = blocks.pop(-2), blocks.pop()
            blocks.append([(low * count + high * more) / (count + more), count + more])
    starts = np.concatenate([np.full(int(count), start) for start, count in blocks])
    found = np.empty(len(wanted))
    found[order] = starts + gap * np.arange(len(wanted))
    return found


def _order(row: Mapping[Any, Any] | pd.Series[Any]) -> int:
    return 4 if row["baseline"] else 3 if row["shown"] else 2


def _style(row: Mapping[Any, Any] | pd.Series[Any]) -> dict[str, Any]:
    return {
        "color": row["colour"],
        "linestyle": row["dash"],
        "linewidth": row["width"],
        "marker": row["marker"] if row["shown"] else "",
        "markersize": 4.5,
    }
