"""How training went: loss on the training examples, and accuracy or loss on the validation examples, over epochs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from pipeline.reporting.drawing.axes import WIDTH
from pipeline.reporting.drawing.lines import draw_lines, name_ends
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from pipeline.reporting.study_results import Results

# Beyond this factor between the largest and the smallest loss a linear axis hides the end of training.
_LOGARITHMIC_FROM = 12.0
# The first step of a bad start may cost a hundred times more than guessing: it would flatten all else.
_HIGHEST_LOSS = 1.3


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer, measurement and quantity, best optimizer on the test examples first.

    Columns: those of `Results.looks`, ``quantity`` (train_loss; validation_accuracy in per cent, or validation_loss),
    ``epoch``, ``value`` (mean over seeds; no row where a seed had diverged), ``guessing`` (the loss of a network that
    knows nothing), ``axis`` (what the quantity is) and ``noun`` (accuracy or loss, what the ranking goes by).
    """
    facts, judging = results.problems.problems[problem], results.judging(problem)
    curves = of_problem(results.training_curves, problem)
    shown = f"validation_{judging.noun}"
    curves[shown] *= judging.scale
    numbers = curves.melt(["optimizer", "epoch"], ["train_loss", shown], "quantity").dropna()
    frame = results.looks(results.ranked(problem), problem).merge(numbers, on="optimizer")
    titles = {"train_loss": f"training loss ({facts.loss_unit})", shown: judging.axis("validation")}
    # the targets of a regression have a variance of 1
    guessing = 1.0 if facts.task == "regression" else math.log(len(facts.classes))
    return frame.assign(guessing=guessing, axis=frame["quantity"].map(titles), noun=judging.noun)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw one panel per quantity, one above the other."""
    figure = Figure(figsize=(WIDTH, 7.6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    quantities = ["train_loss", f"validation_{next(iter(frame['noun']), 'accuracy')}"]
    for axes, quantity in zip(panels, quantities, strict=True):
        part = frame[frame["quantity"] == quantity]
        if part.empty:
            axes.text(
                0.5, 0.5, "no curve: every optimizer has a seed that diverged", transform=axes.transAxes, ha="center"
            )
            continue
        draw_lines(axes, part)
        axes.set_ylabel(part["axis"].iloc[0])
        if quantity.endswith("loss"):
            _limit_loss(axes, part)
        name_ends(axes, part)
    panels[-1].set_xlabel("epoch (passes over the training examples)")
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
