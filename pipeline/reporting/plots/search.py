"""What the search saw: validation accuracy (or loss) over the learning rate, one panel per optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
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
_LOGARITHMIC_FROM = 6.0
_BLACK: dict[str, Any] = {"linestyle": "", "color": "black"}
_TRIED: dict[str, Any] = {"linestyle": "", "marker": "o", "markersize": 4.5}
_SURVIVOR: dict[str, Any] = {**_BLACK, "marker": "o", "markerfacecolor": "none", "markersize": 9.5}
_DEFAULT: dict[str, Any] = {**_BLACK, "marker": "D", "markerfacecolor": "white", "markersize": 5.5}
_STOPPED: dict[str, Any] = {**_BLACK, "marker": "v", "markerfacecolor": "white", "markersize": 4.5}
_DIVERGED: dict[str, Any] = {**_BLACK, "marker": "x", "markersize": 6}


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every trial, optimizers in the order of their rows, learning rates ascending.

    Columns: those of `Results.looks`, ``learning_rate``, ``value`` (accuracy in per cent, 0 after divergence; or loss,
    the largest of all after divergence), ``diverged``, ``stopped`` (early, as no better than chance), ``default``
    (whether it is the optimizer's own default setting), ``survivor`` (whether it is) and ``axis`` (what the values
    are). Empty where the problem has no search of its own.
    """
    judging = results.judging(problem)
    trials = of_problem(results.searches, problem).sort_values("learning_rate", kind="stable")
    diverged = trials["diverged_at"].notna()
    values = judging.scale * trials[f"validation_{judging.noun}"].astype(float).where(~diverged)
    trials = trials[["optimizer", "learning_rate"]].assign(
        value=values.fillna(0.0 if judging.higher_is_better else values.max()),
        diverged=diverged,
        stopped=trials["hopeless"].astype(bool),
        default=trials["number"].isna(),
        survivor=trials["survivor"].notna(),
        axis=judging.axis("validation"),
    )
    return results.looks(results.settings.roster(problem), problem).merge(trials, on="optimizer")


def draw(frame: pd.DataFrame) -> Figure:
    """Draw small panels on the same axes, each with the trials of the other optimizers in grey behind it."""
    groups = [trials for _, trials in frame.groupby("optimizer", sort=False)]
    columns = min(_COLUMNS, len(groups))
    lines = -(-len(groups) // columns)
    figure = Figure(figsize=(WIDTH, 1.4 + 1.7 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for trials, axes in zip(groups, panels, strict=False):
        _draw_all(axes, frame)
        _draw_trials(axes, trials)
    for axes in panels[len(groups) :]:
        axes.set_visible(False)
    _name_axes(figure, frame, len(groups), columns)
    _name_marks(figure)
    return figure


def _draw_all(axes: Axes, frame: pd.DataFrame) -> None:
    """Draw a grey dot for every trial, as one path of points without length: a mark each is ten times the bytes."""
    ends = frame[["learning_rate", "value"]].to_numpy(dtype=float).repeat(2, axis=0)
    codes = [Path.MOVETO, Path.LINETO] * len(frame)
    axes.add_patch(PathPatch(Path(ends, codes), color=_GREY, linewidth=2.5, capstyle="round", fill=False, zorder=1))


def _draw_trials(axes: Axes, trials: pd.DataFrame) -> None:
    first = trials.iloc[0]
    special = trials["default"] | trials["diverged"] | trials["stopped"]
    for rows, style in (
        (trials[~special], {**_TRIED, "color": first["colour"]}),
        (trials[trials["stopped"]], _STOPPED),
        (trials[trials["default"]], _DEFAULT),
        (trials[trials["survivor"]], _SURVIVOR),
        (trials[trials["diverged"]], _DIVERGED),
    ):
        axes.plot(rows["learning_rate"], rows["value"], zorder=3, **style)
    axes.set_title(first["label"], size=10, weight="bold" if first["baseline"] else "normal")


def _name_axes(figure: Figure, frame: pd.DataFrame, count: int, columns: int) -> None:
    highest, title = frame["value"].max(), frame["axis"].iloc[0]
    for place, axes in enumerate(figure.axes[:count]):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(10, numticks=5))
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


def _name_marks(figure: Figure) -> None:
    marks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("tried, one seed", {**_TRIED, "color": "#666666"}),
        ("survivor", _SURVIVOR),
        ("default setting", _DEFAULT),
        ("stopped early", _STOPPED),
        ("diverged", _DIVERGED),
        ("other optimizers", {**_TRIED, "color": _GREY, "markersize": 2.5}),
    )
    handles = [Line2D([], [], label=label, **style) for label, style in marks]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
