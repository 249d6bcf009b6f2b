"""All problems in one number per optimizer: mean rank with the critical difference, and interquartile mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.reporting.drawing.axes import WIDTH, draw_interval, name_rows, records, tidy

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results

_VALUES = ["value", "low", "high"]
_PANELS = {"rank": "mean rank\n(1 is best)", "mean": "interquartile mean\n(guessing 0, best 1)"}


def data(results: Results) -> pd.DataFrame:
    """Return a row for every optimizer and quantity, the best mean rank first; empty without ranks.

    Columns: those of `Results.looks`, ``quantity`` (rank, mean), ``value``, ``low`` and ``high`` (half a critical
    difference to either side of a rank, the interval of a mean; NaN where there is none).
    """
    over = results.comparison.ranking
    reach = None if over.critical_difference is None else over.critical_difference / 2
    rows: list[tuple[str, str, float, float | None, float | None]] = []
    for name, rank in over.ranks.items():
        bounds = (None, None) if reach is None or name not in over.tested else (rank - reach, rank + reach)
        rows.append((name, "rank", rank, *bounds))
    rows += [(name, "mean", one.mean, one.low, one.high) for name, one in over.interquartile_means.items()]
    numbers = pd.DataFrame(rows, columns=["optimizer", "quantity", *_VALUES]).astype(dict.fromkeys(_VALUES, float))
    if numbers.empty:
        return numbers
    return results.looks(list(over.ranks), results.main_problem).merge(numbers, on="optimizer")


def draw(frame: pd.DataFrame) -> Figure:
    """Draw a panel for each quantity, with the same lines."""
    optimizers = frame.drop_duplicates("optimizer")
    quantities = [name for name in _PANELS if name in set(frame["quantity"])]
    figure = Figure(figsize=(WIDTH, 1.2 + 0.28 * len(optimizers)), layout="constrained")
    row = figure.subplots(1, len(quantities), sharey=True, squeeze=False)[0]
    for axes, quantity in zip(row, quantities, strict=True):
        for one in records(frame[frame["quantity"] == quantity]):
            draw_interval(axes, one, "value", 6)
        axes.set_xlabel(_PANELS[quantity])
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.tick_params(axis="y", length=0)
        tidy(axes, "x")
    row[0].set_ylim(len(optimizers) - 0.4, -0.6)
    name_rows(row[0], optimizers)
    return figure
