"""How training went: loss on the training examples and accuracy on the validation examples, over epochs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from pipeline.reporting.drawing.axes import WIDTH
from pipeline.reporting.drawing.lines import draw_lines, name_lines
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from pipeline.reporting.study_results import Results

_PANELS = {"train_loss": "training loss (nats)", "validation_accuracy": "validation accuracy (%)"}
# Beyond this factor between the largest and the smallest loss a linear axis hides the end of training.
_LOGARITHMIC_FROM = 12.0
# The first step of a bad start may cost a hundred times more than guessing: it would flatten all else.
_HIGHEST_LOSS = 1.3


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer, measurement and quantity, best optimizer by test accuracy first.

    Columns: those of `Results.looks`, ``quantity`` (train_loss in nats, validation_accuracy in per cent), ``epoch``,
    ``value`` (mean over seeds; no row where a seed had diverged) and ``guessing`` (the loss of a network that
    knows nothing).
    """
    curves = of_problem(results.training_curves, problem)
    curves["validation_accuracy"] *= 100
    numbers = curves.melt(["optimizer", "epoch"], list(_PANELS), "quantity").dropna()
    frame = results.looks(results.ranked(problem)).merge(numbers, on="optimizer")
    return frame.assign(guessing=math.log(len(results.problems.problems[problem].classes)))


def draw(frame: pd.DataFrame) -> Figure:
    """Draw one panel per quantity, one above the other, with one legend."""
    figure = Figure(figsize=(WIDTH, 7.6), layout="constrained")
    panels = figure.subplots(len(_PANELS), 1, sharex=True)
    for axes, (quantity, title) in zip(panels, _PANELS.items(), strict=True):
        draw_lines(axes, frame[frame["quantity"] == quantity])
        axes.set_ylabel(title)
    _limit_loss(panels[0], frame[frame["quantity"] == "train_loss"])
    panels[-1].set_xlabel("epoch (passes over the training examples)")
    name_lines(figure, frame, "best test accuracy\nfirst")
    return figure


def _limit_loss(axes: Axes, frame: pd.DataFrame) -> None:
    top = _HIGHEST_LOSS * float(frame["guessing"].iloc[0])
    shown = frame["value"][frame["value"].between(1e-9, top)]
    if shown.empty:
        return
    if top / shown.min() > _LOGARITHMIC_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylim(top=min(top, 1.05 * float(frame["value"].max())))
