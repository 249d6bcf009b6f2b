"""What every optimizer costs: time of a training step and of the update in it against SGD's, and bytes of state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from pipeline.reporting.drawing.axes import WIDTH, name_rows, records, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.reporting.results import Results

_PANELS = {
    "step_ratio": "whole training step\n(time against SGD's)",
    "optimizer_ratio": "the update alone\n(time against SGD's)",
    "state": "memory\n(bytes of state a parameter)",
}
# Beyond this factor between largest and smallest a linear axis squeezes the small ones together.
_LOGARITHMIC_FROM = 6.0


def data(results: Results) -> pd.DataFrame:
    """Return one row for every optimizer and quantity, the cheapest training step first.

    Returns
    -------
    DataFrame
        Columns ``rank`` (from 0), ``optimizer``, ``label``, ``quantity`` (step_ratio, optimizer_ratio: times
        SGD's; state: bytes a parameter), ``value`` (a median over rounds), ``low``, ``high`` (its 95 % interval,
        NaN where there is none) and ``colour``. No row for an optimizer that was not measured.
    """
    rows = []
    for rank, name in enumerate(ranked(results)):
        cost = results.cost[name]
        state = {"median": cost["state_bytes_per_parameter"], "low": None, "high": None}
        for quantity in _PANELS:
            found = state if quantity == "state" else cost[quantity]
            rows.append(
                {
                    "rank": rank,
                    "optimizer": name,
                    "label": results.label(name),
                    "quantity": quantity,
                    "value": found["median"],
                    "low": found["low"],
                    "high": found["high"],
                    "colour": results.styles[name].colour,
                }
            )
    return pd.DataFrame(rows).astype({"value": float, "low": float, "high": float})


def ranked(results: Results) -> list[str]:
    """Return the optimizers that were measured, the cheapest training step first."""
    measured = [name for name in results.settings.optimizers if name in results.cost]
    return sorted(measured, key=lambda name: float(results.cost[name]["step_ratio"]["median"]))


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a panel a quantity side by side, a line an optimizer: a dot and a bar for the interval.

    Parameters
    ----------
    frame
        What `data` returns.
    """
    optimizers = frame.drop_duplicates("optimizer")
    figure = Figure(figsize=(WIDTH, 1.3 + 0.3 * len(optimizers)), layout="constrained")
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    for axes, (quantity, title) in zip(panels, _PANELS.items(), strict=True):
        part = frame[frame["quantity"] == quantity]
        for row in records(part):
            _draw_row(axes, row)
        axes.set_xlabel(title)
        if quantity == "state":
            axes.set_xlim(left=-0.5)
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        else:
            axes.axvline(1, color="0.5", linewidth=1, zorder=1)
            _scale(axes, part)
        tidy(axes, "x")
    panels[0].set_ylim(len(optimizers) - 0.4, -0.6)
    panels[0].set_ylabel("optimizer, cheapest step first")
    name_rows(panels[0], optimizers)
    for axes in panels[1:]:
        axes.tick_params(axis="y", length=0)
    return figure


def _draw_row(axes: Axes, row: dict[str, Any]) -> None:
    axes.plot([row["low"], row["high"]], [row["rank"]] * 2, color=row["colour"], linewidth=2.5)
    axes.plot([row["value"]], [row["rank"]], "o", color=row["colour"], markersize=7)


def _scale(axes: Axes, part: pd.DataFrame) -> None:
    if part["value"].max() < _LOGARITHMIC_FROM * part["value"].min():
        axes.xaxis.set_major_locator(MaxNLocator(4))
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
