"""How large the steps are that an optimizer takes: the root mean square of the parameters' change, over epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure

from pipeline.reporting.drawing.axes import WIDTH, tidy

if TYPE_CHECKING:
    from pipeline.reporting.results import Results

_MARKERS = 8  # a line


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer and measurement, the optimizer with the largest last step first.

    Returns
    -------
    DataFrame
        Columns ``optimizer``, ``label``, ``epoch``, ``update`` (root mean square over all parameters of what one
        step changed, mean over seeds; no row where a seed had diverged or nothing changed), ``colour``, ``dash``,
        ``width`` and ``marker``.
    """
    curves = results.training_curves
    # a logarithmic axis has no place for a step of size zero
    curves = curves[(curves["problem"] == problem) & (curves["update"] > 0)]
    parts = []
    for name in results.settings.roster(problem):
        style = results.styles[name]
        parts.append(
            curves.loc[curves["optimizer"] == name, ["epoch", "update"]]
            .sort_values("epoch")
            .assign(
                optimizer=name,
                label=results.label(name),
                colour=style.colour,
                dash=style.dash,
                width=style.width,
                marker=style.marker,
            )
        )
    # sorted is stable: equal last steps, and those without any, stay in the order of the rows
    parts = sorted(parts, key=lambda part: -float(part["update"].iloc[-1]) if len(part) else 0.0)
    return pd.concat(parts, ignore_index=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a line an optimizer, with a logarithmic axis of step sizes.

    Parameters
    ----------
    frame
        What `data` returns.
    """
    figure = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    axes = figure.subplots()
    for number, (_, rows) in enumerate(frame.groupby("optimizer", sort=False)):
        first = rows.iloc[0]
        every = max(1, len(rows) // _MARKERS)
        axes.plot(
            rows["epoch"],
            rows["update"],
            color=first["colour"],
            linestyle=first["dash"],
            linewidth=first["width"],
            marker=first["marker"],
            markersize=4.5,
            # shifted from line to line, so that markers do not cover each other
            markevery=(number % every if every > 1 else 0, every),
            zorder=3 if first["optimizer"] == "adam" else 2,
            label=first["label"],
        )
    axes.set_yscale("log")
    axes.set_xlim(left=0)
    axes.set_xlabel("epoch (passes over the training examples)")
    axes.set_ylabel("size of one step\n(root mean square of the parameters' change)")
    tidy(axes)
    if len(frame):
        figure.legend(loc="outside right upper", frameon=False, title="largest step at\nthe end first", handlelength=3)
    return figure
