"""The assignment's accuracy per class beside ours, both with Adam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.reporting import assignment
from pipeline.reporting.drawing.axes import one_panel, records, tidy
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.reporting.study_results import Results

_THEIRS, _OURS = "#636363", "#d7191c"


def data(results: Results) -> pd.DataFrame:
    """Return one row for every class of the assignment, in its order; empty where CIFAR-10 was not studied.

    Columns ``class``, ``assignment``, ``ours``, ``low`` and ``high`` (per cent; Wilson 95 %).
    """
    table = of_problem(results.per_class, assignment.PROBLEM)
    by_class = {row["class"]: row for row in records(table[table["optimizer"] == assignment.optimizer(results)])}
    rows = [
        (name, accuracy, *(100 * found[part] for part in ("accuracy", "low", "high")))
        for name, accuracy in assignment.PER_CLASS.items()
        if (found := by_class.get(name) or by_class.get(assignment.FULL_NAMES.get(name, name)))
    ]
    return pd.DataFrame(rows, columns=["class", "assignment", "ours", "low", "high"])


def draw(frame: pd.DataFrame) -> Figure:
    """Draw two dots per class, joined by a line."""
    places = list(range(len(frame)))
    figure, axes = one_panel(1.4 + 0.36 * len(frame), "accuracy on the class's test images (%), Adam", "class")
    axes.hlines(places, frame["assignment"], frame["ours"], color="#bdbdbd", linewidth=2, zorder=1)
    axes.hlines(places, frame["low"], frame["high"], color=_OURS, linewidth=2.5, zorder=2)
    axes.plot(frame["assignment"], places, "D", color=_THEIRS, markersize=7, label="assignment")
    axes.plot(frame["ours"], places, "o", color=_OURS, markersize=8, label="this study (bar = 95 % interval)")
    axes.set_yticks(places, list(frame["class"]))
    axes.set_ylim(len(frame) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.tick_params(axis="y", length=0)
    tidy(axes)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure
