"""What every optimizer costs: time of a training step and of the update in it against SGD's, and bytes of state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from pipeline.reporting.drawing.axes import WIDTH, draw_interval, name_rows, records, tidy
from pipeline.results.cost import Ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.reporting.study_results import Results

_PANELS = {
    "step_ratio": "whole training step\n(time against SGD's)",
    "optimizer_ratio": "the update alone\n(time against SGD's)",
    "state": "memory\n(bytes of state per parameter)",
}
# Beyond this factor between largest and smallest a linear axis squeezes the small ones together.
_LOGARITHMIC_FROM = 6.0


def data(results: Results) -> pd.DataFrame:
    """Return one row for every measured optimizer and quantity, the cheapest training step first.

    Columns: those of `Results.looks`, ``quantity`` (step_ratio, optimizer_ratio: times SGD's; state: bytes per
    parameter), ``value`` (a median over rounds), ``low`` and ``high`` (its 95 % interval, NaN where there is none).
    """
    rows: list[dict[str, str | float | None]] = []
    for name, cost in (results.cost.optimizers if results.cost else {}).items():
        state = Ratio(median=cost.state_bytes_per_parameter, low=None, high=None)
        for quantity, ratio in zip(_PANELS, (cost.step_ratio, cost.optimizer_ratio, state), strict=True):
            rows.append(
                {"optimizer": name, "quantity": quantity, "value": ratio.median, "low": ratio.low, "high": ratio.high}
            )
    numbers = pd.DataFrame(rows).astype({"value": float, "low": float, "high": float})
    return results.looks(results.cheapest_first(), results.main_problem).merge(numbers, on="optimizer")


def draw(frame: pd.DataFrame) -> Figure:
    """Draw one panel per quantity side by side, one line per optimizer: a dot and a bar for the interval."""
    optimizers = frame.drop_duplicates("optimizer")
    figure = Figure(figsize=(WIDTH, 1.3 + 0.3 * len(optimizers)), layout="constrained")
    panels = figure.subplots(1, len(_PANELS), sharey=True)
    for axes, (quantity, title) in zip(panels, _PANELS.items(), strict=True):
        part = frame[frame["quantity"] == quantity]
        for row in records(part):
            draw_interval(axes, row, "value", 7)
        axes.set_xlabel(title)
        _scale(axes, part, quantity)
        tidy(axes, "x")
    panels[0].set_ylim(len(optimizers) - 0.4, -0.6)
    panels[0].set_ylabel("optimizer, cheapest step first")
    name_rows(panels[0], optimizers)
    for axes in panels[1:]:
        axes.tick_params(axis="y", length=0)
    return figure


def _scale(axes: Axes, part: pd.DataFrame, quantity: str) -> None:
    if quantity == "state":
        axes.set_xlim(left=-0.5)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        return
    axes.axvline(1, color="0.5", linewidth=1, zorder=1)
    if part["value"].max() < _LOGARITHMIC_FROM * part["value"].min():
        axes.xaxis.set_major_locator(MaxNLocator(4))
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
