"""What a search is expected to find with fewer trials: the best validation result after 1, 2, … of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.ticker import MaxNLocator

from pipeline.reporting.drawing.axes import one_panel
from pipeline.reporting.drawing.lines import draw_lines, name_ends

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.reporting.study_results import Results


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer and number of trials, the optimizer with the best search first.

    Columns: those of `Results.looks`, ``trials``, ``value`` (expected best: accuracy in per cent, or loss) and ``axis``
    (what the values are). Empty where the problem has no search of its own.
    """
    judging = results.judging(problem)
    searches = results.comparison.problems[problem].searches
    sign = -1 if judging.higher_is_better else 1
    order = sorted(searches, key=lambda name: sign * searches[name].expected_best[-1])
    rows = [
        (name, trials, judging.scale * value)
        for name in order
        for trials, value in enumerate(searches[name].expected_best, start=1)
    ]
    numbers = pd.DataFrame(rows, columns=["optimizer", "trials", "value"])
    looks = results.looks(order, problem) if order else numbers[["optimizer"]]
    return looks.merge(numbers, on="optimizer").assign(axis=judging.axis("expected best validation"))


def draw(frame: pd.DataFrame) -> Figure:
    """Draw one line per optimizer."""
    figure, axes = one_panel(4.4, "settings tried, drawn at random from those of the search", frame["axis"].iloc[0])
    draw_lines(axes, frame, "trials")
    axes.set_xlim(left=0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    name_ends(axes, frame, "trials")
    return figure
