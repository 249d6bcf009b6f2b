"""Performance profiles: on what share of the problems an optimizer is within a distance of the best one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.reporting.drawing.axes import WIDTH, records, tidy
from pipeline.reporting.drawing.lines import name_ends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reporting.study_results import Results

_PANELS = {"result": "margins behind the best result", "speed": "seconds over the fewest"}
_FIRST = {"result": 0.0, "speed": 1.0}  # the distance of the best one
_LAST = {"result": 10.0, "speed": 4.0}  # where the axis ends; AlgoPerf's profiles end at 4


def data(results: Results) -> pd.DataFrame:
    """Return the steps of every profile: a row for every optimizer, quantity and distance at which its share grows.

    Columns: those of `Results.looks`, ``quantity`` (result, speed), ``distance`` and ``value`` (per cent of the
    problems that the optimizer took part in). Each profile begins at the best one's distance and ends at the axis's.
    """
    over = results.comparison.ranking
    rows = [
        (name, quantity, distance, value)
        for quantity, distances in (("result", _behind(results)), ("speed", over.slowdowns))
        for name, own in distances.items()
        for distance, value in _steps(list(own.values()), quantity)
    ]
    numbers = pd.DataFrame(rows, columns=["optimizer", "quantity", "distance", "value"])
    return numbers if numbers.empty else results.looks(list(over.ranks), results.main_problem).merge(numbers)


def _behind(results: Results) -> dict[str, dict[str, float | None]]:
    over, compared = results.comparison.ranking, results.comparison.problems
    return {
        name: {
            problem: ranked[name].behind
            for problem in over.problems
            if name in (ranked := compared[problem].ranking.placed)
        }
        for name in over.ranks
    }


def _steps(distances: list[float | None], quantity: str) -> Iterator[tuple[float, float]]:
    known = sorted(one for one in distances if one is not None)
    for distance in sorted({_FIRST[quantity], *known, _LAST[quantity]}):
        if distance <= _LAST[quantity]:
            yield distance, 100 * sum(one <= distance for one in known) / len(distances)


def at_best(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return by panel and label on what share of the problems (per cent) an optimizer is the best one itself."""
    return {
        _PANELS[str(quantity)]: {row["label"]: row["value"] for row in records(part.drop_duplicates("label"))}
        for quantity, part in frame.groupby("quantity", sort=False)
    }


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a panel for each quantity: a rising line of steps for each optimizer."""
    quantities = [name for name in _PANELS if name in set(frame["quantity"])]
    figure = Figure(figsize=(WIDTH, 3.8), layout="constrained")
    row = figure.subplots(1, len(quantities), sharey=True, squeeze=False)[0]
    for axes, quantity in zip(row, quantities, strict=True):
        part = frame[frame["quantity"] == quantity]
        for number, (_, steps) in enumerate(part.groupby("optimizer", sort=False)):
            first = steps.iloc[0]
            # a little lower from line to line, so that equal shares do not hide each other
            heights = steps["value"] - 0.5 * number
            order = 3 if first["shown"] else 2
            style = {"color": first["colour"], "linewidth": first["width"], "linestyle": first["dash"]}
            axes.step(steps["distance"], heights, where="post", zorder=order, **style)
        axes.set_xlim(_FIRST[quantity], _LAST[quantity])
        axes.set_ylim(-6, 104)
        axes.set_xlabel(_PANELS[quantity])
        axes.xaxis.set_major_locator(MaxNLocator(5))
        tidy(axes)
        # most grey lines end at the same share: their names would say nothing
        name_ends(axes, part[part["shown"]], "distance")
    row[0].set_ylabel("share of problems (%)")
    return figure
