"""The cost of the worked example over many steps: gradient descent, and Adam beside it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#D55E00", "#CC79A7")
_DASHES = ("-", "-", "--")
# A sigmoid's cost falls to 1e-32 under large steps: what happens down there is no longer of interest.
_DEPTH = 1e-5


def data(results: dict[str, Any]) -> pd.DataFrame:
    """Return one row for every curve and step.

    Parameters
    ----------
    results
        What `pipeline.backprop.example.result` returns.

    Returns
    -------
    DataFrame
        Columns ``curve`` (its label), ``step`` (from 0) and ``cost``.
    """
    return pd.DataFrame(
        [
            {"curve": f"{curve['rule']}, α = {curve['learning_rate']:g}", "step": step, "cost": cost}
            for curve in results["curves"]
            for step, cost in enumerate(curve["costs"])
        ]
    )


def draw(frame: pd.DataFrame) -> Figure:
    """Draw the cost against the step, both on logarithmic scales, down to 1e-5 of its highest value.

    Parameters
    ----------
    frame
        What `data` returns.
    """
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for number, (curve, rows) in enumerate(frame.groupby("curve", sort=False)):
        axes.plot(rows["step"], rows["cost"], _DASHES[number], color=_COLOURS[number], label=str(curve))
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
    axes.grid(visible=True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
