"""The cost of the worked example over many steps: gradient descent, and Adam beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure

from pipeline.reporting.drawing.axes import tidy

if TYPE_CHECKING:
    from pipeline.results.backprop import WorkedExample

_STYLES = (("#0072B2", "-"), ("#D55E00", "-"), ("#CC79A7", "--"))
# A sigmoid's cost falls to 1e-32 under large steps: what happens down there is no longer of interest.
_DEPTH = 1e-5


def data(example: WorkedExample) -> pd.DataFrame:
    """Return one row for every curve and step: ``curve`` (its label), ``step`` (from 0) and ``cost``."""
    return pd.DataFrame(
        [
            {"curve": f"{curve.rule}, α = {curve.learning_rate:g}", "step": step, "cost": cost}
            for curve in example.curves
            for step, cost in enumerate(curve.costs)
        ]
    )


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the cost against the step, both on logarithmic scales, down to 1e-5 of its highest value."""
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for (curve, rows), (colour, dash) in zip(frame.groupby("curve", sort=False), _STYLES, strict=False):
        axes.plot(rows["step"], rows["cost"], dash, color=colour, label=str(curve))
    highest = float(frame["cost"].max())
    if highest > 0:
        axes.set_yscale("log", nonpositive="clip")
        axes.set_ylim(highest * _DEPTH, highest * 2)
    axes.set_xlabel("step (logarithmic from 1 on)")
    axes.set_ylabel("cost J")
    # linear up to the first step, so that step 0 has a place
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(0, int(frame["step"].max()))
    axes.xaxis.set_major_formatter("{x:g}")
    tidy(axes)
    axes.legend(frameon=False)
    return figure
