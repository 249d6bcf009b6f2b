"""The ranking at equal epochs, and beside it what each optimizer has reached at equal seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.project.wording import counted
from pipeline.reporting.drawing.axes import WIDTH, draw_interval, name_rows, records, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.reporting.study_results import Results

_VALUES = ["value", "low", "high"]


def data(results: Results) -> pd.DataFrame:
    """Return a row for every ranked optimizer of the main problem and panel, best first at equal epochs.

    Columns: those of `Results.looks`, ``value``, ``low``, ``high`` (accuracies in per cent, or losses; NaN where there
    is none), ``panel`` (what the values are) and ``form`` (of a value). The second panel needs timings.
    """
    problem = results.main_problem
    judging, found = results.judging(problem), results.comparison.problems[problem]
    epochs = counted(results.settings.problems[problem].epochs, "epoch")
    panel = f"{judging.axis('test')}\nafter {epochs}"
    rows = [(panel, name, one.mean, one.low, one.high) for name, one in found.ranking.placed.items()]
    if judging.higher_is_better and (equal := found.at_equal_seconds):
        panel = f"{judging.axis('validation')}\nafter {equal.seconds:.1f} s of steps"
        rows += [
            (panel, name, value, equal.low.get(name), equal.high.get(name))
            for name, value in equal.validation_accuracy.items()
            if name in found.ranking.placed
        ]
    numbers = pd.DataFrame(rows, columns=["panel", "optimizer", *_VALUES]).astype(dict.fromkeys(_VALUES, float))
    numbers[_VALUES] *= judging.scale
    return results.looks(list(found.ranking.placed), problem).merge(numbers, on="optimizer").assign(form=judging.form)


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a panel for equal epochs and one for equal seconds, with the same lines and the same scale."""
    optimizers, panels = frame.drop_duplicates("optimizer"), list(frame["panel"].unique())
    figure = Figure(figsize=(WIDTH, 0.9 + 0.23 * len(optimizers)), layout="constrained")
    row = figure.subplots(1, len(panels), sharey=True, sharex=True, squeeze=False)[0]
    for axes, panel in zip(row, panels, strict=True):
        _draw_panel(axes, frame[frame["panel"] == panel])
        axes.set_xlabel(panel)
    row[0].set_ylim(len(optimizers) - 0.4, -0.6)
    name_rows(row[0], optimizers)
    for axes in row[1:]:
        axes.tick_params(axis="y", length=0)
    return figure


def _draw_panel(axes: Axes, part: pd.DataFrame) -> None:
    for row in records(part[part["value"].notna()]):
        draw_interval(axes, row, "value", 6)
        axes.annotate(
            f"{row['value']:{row['form']}}",
            (max(row["value"], row["high"] if row["high"] == row["high"] else row["value"]), row["rank"]),
            (5, 0),
            textcoords="offset points",
            va="center",
            size=9,
            color=row["colour"],
        )
    axes.margins(x=0.18)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    tidy(axes, "x")
