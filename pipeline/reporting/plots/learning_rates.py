"""What the search saw: validation accuracy (or loss) over the learning rate, one panel per optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from pipeline.reporting.drawing.axes import WIDTH, tidy
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from pipeline.reporting.study_results import Results

_COLUMNS = 4
_GREY = "#d9d9d9"
# Beyond this factor between the largest and the smallest loss a linear axis hides the good ones.
_LOGARITHMIC_FROM = 12.0
_CHOSEN: dict[str, Any] = {"marker": "o", "markerfacecolor": "none", "markersize": 9}


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every trial, optimizers in the order of their rows, learning rates ascending.

    Columns: those of `Results.looks`, ``learning_rate``, ``value`` (accuracy in per cent, 0 after divergence; or loss,
    the largest of all after divergence), ``diverged``, ``chosen`` (whether it was) and ``axis`` (what the values are).
    """
    judging = results.judging(problem)
    trials = of_problem(results.learning_rates, problem).sort_values("learning_rate")
    diverged = trials["diverged_at"].notna()
    values = judging.scale * trials[f"validation_{judging.noun}"].where(~diverged)
    trials = trials[["optimizer", "learning_rate"]].assign(
        value=values.fillna(0.0 if judging.higher_is_better else values.max()),
        diverged=diverged,
        chosen=trials["chosen"].astype(bool),
        axis=judging.axis("validation"),
    )
    return results.looks(results.settings.roster(problem)).merge(trials, on="optimizer")


def draw(frame: pd.DataFrame) -> Figure:
    """Draw small panels on the same axes, each with the other optimizers in grey behind it."""
    groups = [trials for _, trials in frame.groupby("optimizer", sort=False)]
    columns = min(_COLUMNS, len(groups))
    lines = -(-len(groups) // columns)
    figure = Figure(figsize=(WIDTH, 1.2 + 1.55 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for trials, axes in zip(groups, panels, strict=False):
        for others in groups:
            axes.plot(others["learning_rate"], others["value"], color=_GREY, linewidth=0.7, zorder=1)
        _draw_trials(axes, trials)
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    _name_axes(figure, frame, len(groups), columns)
    return figure


def _draw_trials(axes: Axes, trials: pd.DataFrame) -> None:
    first = trials.iloc[0]
    axes.plot(trials["learning_rate"], trials["value"], color=first["colour"], linewidth=1.8, zorder=2)
    kept = trials[~trials["diverged"]]
    axes.plot(kept["learning_rate"], kept["value"], "o", color=first["colour"], markersize=3.5, zorder=3)
    lost = trials[trials["diverged"]]
    axes.plot(lost["learning_rate"], lost["value"], "x", color="black", markersize=6, zorder=4)
    chosen = trials[trials["chosen"]]
    axes.plot(chosen["learning_rate"], chosen["value"], linestyle="", color="black", zorder=4, **_CHOSEN)
    axes.set_title(first["label"], size=10, weight="bold" if first["baseline"] else "normal")


def _name_axes(figure: Figure, frame: pd.DataFrame, count: int, columns: int) -> None:
    highest, title = frame["value"].max(), frame["axis"].iloc[0]
    for place, axes in enumerate(figure.axes[:count]):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(10, numticks=4))
        axes.xaxis.set_minor_locator(NullLocator())
        if title.endswith("(%)"):
            axes.set_ylim(-4, max(100.0 if highest > 80 else 0.0, 1.15 * highest))
        elif highest > _LOGARITHMIC_FROM * frame["value"].min() > 0:
            axes.set_yscale("log")
        # the last panel of a column may stand above an empty place
        axes.tick_params(labelbottom=place + columns >= count, labelsize=9)
        tidy(axes)
    figure.supxlabel("learning rate (logarithmic)", size=10)
    figure.supylabel(title, size=10)
    handles = [
        Line2D([], [], color="#666666", marker="o", markersize=3.5, label="tried, one seed"),
        Line2D([], [], linestyle="", color="black", label="chosen", **_CHOSEN),
        Line2D([], [], linestyle="", marker="x", color="black", label="diverged"),
        Line2D([], [], color=_GREY, label="other optimizers"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False)
