"""The network of the worked example, with values on its nodes and edges: forward, and gradients backward."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from pipeline.reporting.drawing.axes import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from pipeline.results.backprop import Network, WorkedExample

_PANELS = {
    "forward": ("Forward: the values", "#0072B2"),
    "backward": ("Backward: the gradients, from right to left", "#D55E00"),
}
_BOX = (1.0, 0.62)  # inches
_ROW = 1.4  # inches between the units of a layer
_GAP = 39  # points between the middle of a node and an arrow
_MOST_LABELLED = 3  # hidden units: with more, the labels of their weights would cover each other


def data(example: WorkedExample) -> pd.DataFrame:
    """Return one row for every node and edge of both panels.

    Columns ``panel`` (forward, backward), ``layer`` and ``height`` (of a node, or of the node where an edge starts, in
    rows from the middle), ``end_height`` (where an edge ends, one layer on; NaN for a node), ``label_at`` (share of the
    edge; NaN: no label), ``symbol``, ``name`` (the same as people write it) and ``value`` (NaN: no number).
    """
    rows = [
        (panel, symbol, *place)
        for *place, forward, backward in _parts(example.network)
        for panel, symbol in (("forward", forward), ("backward", backward))
    ]
    frame = pd.DataFrame(rows, columns=["panel", "symbol", "layer", "height", "end_height", "label_at"])
    frame["name"] = frame["symbol"].replace({step.symbol: step.name.text for step in example.steps})
    frame["value"] = frame["symbol"].map({step.symbol: step.value for step in example.steps})
    return frame


def _parts(network: Network) -> Iterator[tuple[int, float, float, float, str, str]]:
    """Yield layer, height, end, place of the label, and both symbols of every node and edge."""
    inputs, hidden = ([(size - 1) / 2 - place for place in range(size)] for size in (network.inputs, network.hidden))
    for number, height in enumerate(inputs, start=1):
        yield 0, height, math.nan, math.nan, f"i{number}", f"i{number}"
    for number, height in enumerate(hidden, start=1):
        yield 1, height, math.nan, math.nan, f"h{number}", f"dJ/dh{number}"
    for layer, symbols in enumerate((("z", "dJ/dz"), ("o", "o"), ("J", "J")), start=2):
        yield (layer, 0, math.nan, math.nan, *symbols)
    # labels of edges that cross are spread evenly over the height at this share of the way
    share = 1 / (len(hidden) + 1) if len(hidden) <= _MOST_LABELLED else math.nan
    edges = [(0, start, end, share) for end in hidden for start in inputs] + [(1, start, 0, 0.5) for start in hidden]
    for number, edge in enumerate(edges, start=1):
        yield (*edge, f"w{number}", f"dJ/dw{number}")
    yield from ((2, 0, 0, 0.5, "σ(z)", "do/dz"), (3, 0, 0, 0.5, "y", "dJ/do"))


def draw(frame: pd.DataFrame) -> Figure:
    """Draw both panels, one above the other."""
    nodes = frame[frame["end_height"].isna() & (frame["panel"] == "forward")]
    sizes = nodes["layer"].value_counts()
    # where the layers stand, in inches: far enough apart for the labels between them
    gaps = [max(1.1 * (min(int(sizes[1]), _MOST_LABELLED) + 1), 2.2), 2.3, 2.2, 2.2]
    columns = [sum(gaps[:layer]) for layer in range(len(sizes))]
    width, height = columns[-1] + _BOX[0] + 0.2, float(sizes.max()) * _ROW
    figure = Figure(figsize=(width, 2 * height + 0.3))
    for bottom, (panel, (title, colour)) in zip((0.5, 0.0), _PANELS.items(), strict=True):
        axes = figure.add_axes((0.0, bottom, 1.0, 0.5))
        axes.set_xlim((columns[-1] - width) / 2, (columns[-1] + width) / 2)
        axes.set_ylim(-height / 2 - 0.05, height / 2 + 0.1)
        axes.axis("off")
        axes.text(-_BOX[0] / 2, height / 2, title, color=colour, weight="bold", size=11, va="top")
        for row in records(frame[frame["panel"] == panel]):
            _draw_part(axes, row, columns, colour)
    return figure


def _draw_part(axes: Axes, row: dict[str, Any], columns: list[float], colour: str) -> None:
    x, y = columns[row["layer"]], row["height"] * _ROW
    label = row["name"] if math.isnan(row["value"]) else f"{row['name']}\n{row['value']:.4g}".replace("-", "−")
    if math.isnan(row["end_height"]):
        corner = (x - _BOX[0] / 2, y - _BOX[1] / 2)
        style = "round,pad=0,rounding_size=0.15"
        axes.add_patch(FancyBboxPatch(corner, *_BOX, boxstyle=style, facecolor="white", edgecolor=colour, zorder=3))
        axes.text(x, y, label, ha="center", va="center", size=10, zorder=4, linespacing=1.3)
        return
    end_x, end_y = columns[row["layer"] + 1], row["end_height"] * _ROW
    arrow = FancyArrowPatch((x, y), (end_x, end_y), shrinkA=_GAP, shrinkB=_GAP, mutation_scale=11, color=colour)
    arrow.set_arrowstyle("<|-" if row["panel"] == "backward" else "-|>")
    axes.add_patch(arrow)
    if not math.isnan(row["label_at"]):
        place = (x + row["label_at"] * (end_x - x), y + row["label_at"] * (end_y - y))
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        axes.text(*place, label, ha="center", va="center", size=9.5, linespacing=1.2, zorder=2, bbox=ground)
