"""The assignment's accuracy per class beside ours, all with Adam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from pipeline.reporting import assignment
from pipeline.reporting.drawing.axes import one_panel, records, tidy
from pipeline.reporting.formats.markdown import plain
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.reporting.study_results import Results

_THEIRS = "#636363"
# of the trainings, the assignment's own first; with a marker each, for those who see no colours
_OURS = (("#d7191c", "o"), ("#2c7bb6", "s"), ("#fdae61", "^"), ("#1a9641", "v"))
_COLUMNS = ["class", "assignment", "problem", "title", "ours", "low", "high"]


def data(results: Results) -> pd.DataFrame:
    """Return one row for every training beside the assignment's and class of it, in its order.

    Columns ``class``, ``assignment``, ``problem``, ``title`` (of the problem, plain text), ``ours``, ``low`` and
    ``high`` (per cent; Wilson 95 %); empty where no such training was made.
    """
    rows = [
        (name, theirs, problem, plain(results.title(problem)), *(100 * row[part] for part in ("accuracy", *_BOUNDS)))
        for problem, optimizer in assignment.trainings(results).items()
        for by_class in [_by_class(results, problem, optimizer)]
        for name, theirs in assignment.PER_CLASS.items()
        if (row := by_class.get(name) or by_class.get(assignment.FULL_NAMES.get(name, name)))
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


_BOUNDS = ("low", "high")


def _by_class(results: Results, problem: str, optimizer: str) -> dict[str, dict[str, float]]:
    table = of_problem(results.per_class, problem)
    return {row["class"]: row for row in records(table[table["optimizer"] == optimizer])}


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a line per class: a diamond for the assignment, and a dot with its interval for every training."""
    classes = list(frame["class"].drop_duplicates())
    trainings = list(frame["title"].drop_duplicates())
    figure, axes = one_panel(1.4 + 0.42 * len(classes), "accuracy on the class's test images (%), Adam", "class")
    theirs = frame.drop_duplicates("class")
    places = [classes.index(name) for name in theirs["class"]]
    axes.plot(theirs["assignment"], places, "D", color=_THEIRS, markersize=7, label="assignment")
    for number, title in enumerate(trainings):
        rows = frame[frame["title"] == title]
        colour, marker = _OURS[number % len(_OURS)]
        height = [classes.index(name) + 0.16 * (number - (len(trainings) - 1) / 2) for name in rows["class"]]
        axes.hlines(height, rows["low"], rows["high"], color=colour, linewidth=2)
        axes.plot(rows["ours"], height, marker, color=colour, markersize=6, label=title)
    axes.set_yticks(range(len(classes)), classes)
    axes.set_ylim(len(classes) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.tick_params(axis="y", length=0)
    tidy(axes)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure
