"""A heat map with a number in every cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl

from pipeline.reporting.drawing.axes import one_panel, records
from pipeline.reporting.drawing.colours import ink_on

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure


def heat_map(frame: pd.DataFrame, colours: str, norm: Normalize, height: float, label: str) -> tuple[Figure, Axes]:
    """Return a figure with one cell per row of `frame`, and its axes, on which rows and columns are not yet named.

    `frame` has columns ``row`` and ``column`` (places from 0), ``shade`` (what the colour shows), ``text``, ``bold``;
    `height` is that of a row in inches, `label` names the colour bar.
    """
    grid = frame.pivot_table(index="row", columns="column", values="shade", fill_value=0.0)
    figure, axes = one_panel(1.6 + height * len(grid))
    palette = mpl.colormaps[colours]
    image = axes.imshow(grid.to_numpy(), cmap=palette, norm=norm, aspect="auto")
    for cell in records(frame):
        axes.text(
            cell["column"],
            cell["row"],
            cell["text"],
            ha="center",
            va="center",
            size=9,
            weight="bold" if cell["bold"] else "normal",
            color=ink_on(palette(norm(cell["shade"]))),
        )
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label=label, pad=0.01, aspect=30)
    return figure, axes
