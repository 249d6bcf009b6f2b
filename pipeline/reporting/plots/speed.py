"""How soon every optimizer reached the targets: in training examples, and in seconds of optimizer steps."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from pipeline.reporting.drawing.axes import WIDTH, name_rows, records, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from pipeline.reporting.study_results import Results
    from pipeline.results.metrics import OptimizerMetrics, Reached

KINDS = {"train_loss": "training loss", "validation_accuracy": "validation accuracy"}
_COLUMNS = ["optimizer", "kind", "target", "unit", "value"]


def data(results: Results, problem: str) -> pd.DataFrame:
    """Return one row for every optimizer, target and unit, the best optimizer on the test examples first.

    Columns: those of `Results.looks`, ``kind`` (train_loss, validation_accuracy), ``target`` (number), ``unit`` (the
    noun of the examples, or seconds) and ``value`` (median over seeds; NaN where half of them did not reach it). Empty
    where the problem has no targets.
    """
    noun = f"{results.examples(problem)}s"
    rows = [
        (name, kind, reached.target, unit, middle * factor)
        for name, found in results.measured(problem).items()
        for unit, factor in ((noun, 1.0), ("seconds", results.seconds_per_example(problem, name)))
        for kind, reached in _targets(found)
        for middle in [middle_of(reached)]
        if factor is not None
    ]
    numbers = pd.DataFrame(rows, columns=_COLUMNS).astype({"value": float})
    return results.looks(results.ranked(problem), problem).merge(numbers, on="optimizer")


def _targets(found: OptimizerMetrics) -> Iterator[tuple[str, Reached]]:
    for kind in KINDS:
        for reached in getattr(found.speed, kind):
            yield kind, reached


def middle_of(reached: Reached) -> float:
    """Return the median over the seeds of the examples to a target, NaN where half of them did not reach it."""
    middle = median(float("inf") if images is None else images for images in reached.images)
    return float("nan") if middle == float("inf") else middle


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a row of panels for each kind of target, a panel for each unit; the harder a target, the darker its dot."""
    optimizers = frame.drop_duplicates("optimizer")
    kinds, units = list(frame["kind"].unique()), list(frame["unit"].unique())
    figure = Figure(figsize=(WIDTH, len(kinds) * (1.5 + 0.26 * len(optimizers))), layout="constrained")
    panels = figure.subplots(len(kinds), len(units), sharey=True, sharex="col", squeeze=False)
    for kind, line in zip(kinds, panels, strict=True):
        part = frame[frame["kind"] == kind]
        shades = _shades(part)
        for unit, axes in zip(units, line, strict=True):
            _draw_panel(axes, part[part["unit"] == unit], shades)
            axes.set_xlabel(f"{unit} until the target", size=9.5)
        line[0].set_ylim(len(optimizers) - 0.4, -0.6)
        name_rows(line[0], optimizers)
        line[0].set_ylabel("optimizer, best first")
        handles = [
            Line2D([], [], linestyle="", marker="o", color="black", alpha=shade, label=f"{target:g}")
            for target, shade in shades.items()
        ]
        line[-1].legend(handles=handles, title=KINDS[kind], loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    return figure


def _shades(part: pd.DataFrame) -> dict[float, float]:
    """Return how dark each target's dot is, the easy ones first."""
    targets = list(part["target"].unique())
    return {target: 0.3 + 0.7 * (place + 1) / len(targets) for place, target in enumerate(targets)}


def _draw_panel(axes: Axes, part: pd.DataFrame, shades: dict[float, float]) -> None:
    for _, rows in part.groupby("optimizer", sort=False):
        axes.plot(rows["value"], rows["rank"], color=rows["colour"].iloc[0], linewidth=1, alpha=0.35, zorder=1)
    for row in records(part):
        axes.plot([row["value"]], [row["rank"]], "o", color=row["colour"], alpha=shades[row["target"]], markersize=7)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.tick_params(axis="x", labelsize=9, labelbottom=True)
    axes.tick_params(axis="y", length=0)
    tidy(axes, "x")
