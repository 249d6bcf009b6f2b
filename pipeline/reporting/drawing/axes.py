"""What all plots have in common: width, grid, and rows of optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WIDTH = 8.0  # inches, of every figure: the text of all is then equally large in the report


def tidy(axes: Axes, grid: str = "both") -> None:
    """Leave a faint grid (``x``, ``y`` or ``both``) and the two axes that carry numbers."""
    axes.grid(visible=True, axis=cast(Any, grid), alpha=0.3, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, in order."""
    return cast("list[dict[str, Any]]", frame.to_dict("records"))


def name_rows(axes: Axes, frame: pd.DataFrame) -> None:
    """Name the rows 0, 1, … by the optimizers' ``label``, from top to bottom, Adam in bold.

    Parameters
    ----------
    axes
        Whose y axis is named.
    frame
        One row an optimizer, with columns ``optimizer`` and ``label``.
    """
    axes.set_yticks(range(len(frame)), list(frame["label"]))
    for text, optimizer in zip(axes.get_yticklabels(), frame["optimizer"], strict=True):
        text.set_fontweight("bold" if optimizer == "adam" else "normal")
    axes.tick_params(axis="y", length=0)
