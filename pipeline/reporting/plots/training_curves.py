"""How training went: loss on the training examples and accuracy on the validation examples, over epochs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pipeline.reporting.drawing.axes import WIDTH, records, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.reporting.results import Results

_PANELS = {"train_loss": "training loss (nats)", "validation_accuracy": "validation accuracy (%)"}
# Beyond this factor between the largest and the smallest loss a linear axis hides the end of training.
_LOGARITHMIC_FROM = 12.0
# The first step of a bad start may cost a hundred times more than guessing: it would flatten all else.
_HIGHEST_LOSS = 1.3
_MARKERS = 8  # a line


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer, measurement and quantity, best optimizer by test accuracy first.

    Returns
    -------
    DataFrame
        Columns ``quantity`` (train_loss in nats, validation_accuracy in per cent), ``optimizer``, ``label``,
        ``epoch``, ``value`` (mean over seeds; no row where a seed had diverged), ``guessing`` (what a network
        that knows nothing reaches), ``colour``, ``dash``,
        ``width`` and ``marker``.
    """
    curves = results.training_curves
    curves = curves[curves["problem"] == problem]
    classes = results.confusion.loc[results.confusion["problem"] == problem, "actual"].nunique()
    guessing = {"train_loss": math.log(classes), "validation_accuracy": 100 / classes}
    parts = []
    for name in results.ranked(problem):
        style = results.styles[name]
        own = curves[curves["optimizer"] == name]
        for quantity in _PANELS:
            measured = own[["epoch", quantity]].dropna().set_axis(["epoch", "value"], axis=1)
            measured["value"] *= 100 if quantity == "validation_accuracy" else 1
            parts.append(
                measured.assign(
                    quantity=quantity,
                    optimizer=name,
                    label=results.label(name),
                    guessing=guessing[quantity],
                    colour=style.colour,
                    dash=style.dash,
                    width=style.width,
                    marker=style.marker,
                )
            )
    return pd.concat(parts, ignore_index=True)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a panel a quantity, one above the other, with one legend.

    Parameters
    ----------
    frame
        What `data` returns.
    """
    figure = Figure(figsize=(WIDTH, 7.6), layout="constrained")
    panels = figure.subplots(len(_PANELS), 1, sharex=True)
    for axes, (quantity, title) in zip(panels, _PANELS.items(), strict=True):
        part = frame[frame["quantity"] == quantity]
        for number, (_, rows) in enumerate(part.groupby("optimizer", sort=False)):
            _draw_line(axes, rows, number)
        axes.set_ylabel(title)
        tidy(axes)
    _limit_loss(panels[0], frame[frame["quantity"] == "train_loss"])
    panels[-1].set_xlabel("epoch (passes over the training examples)")
    panels[-1].set_xlim(left=0)
    _name_lines(figure, frame)
    return figure


def _draw_line(axes: Axes, rows: pd.DataFrame, number: int) -> None:
    first = rows.iloc[0]
    every = max(1, len(rows) // _MARKERS)
    axes.plot(
        rows["epoch"],
        rows["value"],
        color=first["colour"],
        linestyle=first["dash"],
        linewidth=first["width"],
        marker=first["marker"],
        markersize=4.5,
        # shifted from line to line, so that markers do not cover each other
        markevery=(number % every if every > 1 else 0, every),
        zorder=3 if first["optimizer"] == "adam" else 2,
    )


def _limit_loss(axes: Axes, frame: pd.DataFrame) -> None:
    top = _HIGHEST_LOSS * float(frame["guessing"].iloc[0])
    shown = frame["value"][frame["value"].between(1e-9, top)]
    if shown.empty:
        return
    if top / shown.min() > _LOGARITHMIC_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylim(top=min(top, 1.05 * float(frame["value"].max())))


def _name_lines(figure: Figure, frame: pd.DataFrame) -> None:
    lines = [
        Line2D(
            [],
            [],
            color=row["colour"],
            linestyle=row["dash"],
            linewidth=row["width"],
            marker=row["marker"],
            markersize=4.5,
            label=row["label"],
        )
        for row in records(frame.drop_duplicates("optimizer"))
    ]
    figure.legend(
        handles=lines,
        loc="outside right upper",
        frameon=False,
        title="best test accuracy\nfirst",
        handlelength=3,
    )
