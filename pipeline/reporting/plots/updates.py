"""How large the steps are that an optimizer takes: the root mean square of the parameters' change, over epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting.drawing.axes import one_panel
from pipeline.reporting.drawing.lines import draw_lines, name_ends
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from pipeline.reporting.study_results import Results


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer and measurement, the optimizer with the largest last step first.

    Columns: those of `Results.looks`, ``epoch`` and ``value`` (root mean square over all parameters of what one step
    changed, mean over seeds; no row where a seed had diverged or nothing changed).
    """
    curves = of_problem(results.training_curves, problem).rename(columns={"update": "value"})
    # a logarithmic axis has no place for a step of size zero
    curves = curves.loc[curves["value"] > 0, ["optimizer", "epoch", "value"]].sort_values("epoch")
    last = curves.groupby("optimizer")["value"].last()
    order = sorted(results.settings.roster(problem), key=lambda name: -last.get(name, 0.0))
    return results.looks(order, problem).merge(curves, on="optimizer")


def draw(frame: pd.DataFrame) -> Figure:
    """Draw one line per optimizer, with a logarithmic axis of step sizes."""
    size = "size of one step\n(root mean square of the parameters' change)"
    figure, axes = one_panel(4.6, "epoch (passes over the training examples)", size)
    draw_lines(axes, frame)
    axes.set_yscale("log")
    name_ends(axes, frame)
    return figure
