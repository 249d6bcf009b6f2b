"""The network of the worked example, with values on its nodes and edges: forward, and gradients backward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from pipeline.backprop.example import latex_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

_COLOURS = {"forward": "#0072B2", "backward": "#D55E00"}
_TITLES = {"forward": "Forward: the values", "backward": "Backward: the gradients, from right to left"}
_BOX = (1.0, 0.62)  # inches
_ROW = 1.4  # inches between the units of a layer
_MOST_LABELLED = 3  # hidden units: with more, the labels of their weights would cover each other


def data(results: dict[str, Any]) -> pd.DataFrame:
    """Return one row for every node and edge of both panels.

    Parameters
    ----------
    results
        What `pipeline.backprop.example.result` returns.

    Returns
    -------
    DataFrame
        Columns ``panel`` (forward, backward), ``kind`` (node, edge), ``layer`` and ``place`` (of a node, or
        of the node where an edge starts), ``target_place`` (where the edge ends, one layer on; -1 for a
        node), ``layer_size``, ``target_size``, ``symbol`` (what the number is) and ``value`` (NaN: only the
        symbol is written).
    """
    inputs, hidden = results["network"]["inputs"], results["network"]["hidden"]
    values = {step["symbol"]: step["value"] for step in results["steps"]}
    sizes = (inputs, hidden, 1, 1, 1)
    rows = [*_node_rows(sizes), *_edge_rows(sizes)]
    frame = pd.DataFrame(rows)
    frame["value"] = frame["symbol"].map(values)
    return frame


def _node_rows(sizes: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    for layer, letter in enumerate("ihzoJ"):
        for place in range(sizes[layer]):
            name = f"{letter}{place + 1}" if letter in "ih" else letter
            gradient = name if letter in "ioJ" else f"dJ/d{name}"
            for panel, symbol in (("forward", name), ("backward", gradient)):
                yield _row(panel, "node", layer, place, -1, sizes, symbol)


def _edge_rows(sizes: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    inputs, hidden = sizes[:2]
    for unit in range(hidden):
        for source in range(inputs):
            yield from _both(0, source, unit, sizes, f"w{unit * inputs + source + 1}")
    for unit in range(hidden):
        yield from _both(1, unit, 0, sizes, f"w{inputs * hidden + unit + 1}")
    yield _row("forward", "edge", 2, 0, 0, sizes, "sigma")
    yield _row("backward", "edge", 2, 0, 0, sizes, "do/dz")
    yield _row("forward", "edge", 3, 0, 0, sizes, "y")
    yield _row("backward", "edge", 3, 0, 0, sizes, "dJ/do")


def _both(layer: int, place: int, target: int, sizes: tuple[int, ...], weight: str) -> Iterator[dict[str, Any]]:
    yield _row("forward", "edge", layer, place, target, sizes, weight)
    yield _row("backward", "edge", layer, place, target, sizes, f"dJ/d{weight}")


def _row(
    panel: str, kind: str, layer: int, place: int, target: int, sizes: tuple[int, ...], symbol: str
) -> dict[str, Any]:
    return {
        "panel": panel,
        "kind": kind,
        "layer": layer,
        "place": place,
        "target_place": target,
        "layer_size": sizes[layer],
        "target_size": sizes[min(layer + 1, len(sizes) - 1)],
        "symbol": symbol,
    }


def draw(frame: pd.DataFrame) -> Figure:
    """Draw both panels, one above the other.

    Parameters
    ----------
    frame
        What `data` returns.
    """
    columns = _columns(int(frame.loc[frame["layer"] == 0, "target_size"].iloc[0]))
    width, height = columns[-1] + _BOX[0] + 0.2, float(frame["layer_size"].max()) * _ROW
    figure = Figure(figsize=(width, 2 * height + 0.3))
    for number, (panel, title) in enumerate(_TITLES.items()):
        axes = figure.add_axes((0.0, 0.5 - 0.5 * number, 1.0, 0.5))
        axes.set_xlim(-width / 2 + columns[-1] / 2, width / 2 + columns[-1] / 2)
        axes.set_ylim(-height / 2 - 0.05, height / 2 + 0.1)
        axes.axis("off")
        axes.text(-_BOX[0] / 2, height / 2, title, color=_COLOURS[panel], weight="bold", size=11, va="top")
        _draw_panel(axes, frame[frame["panel"] == panel], columns, _COLOURS[panel])
    return figure


def _columns(hidden: int) -> list[float]:
    """Return where the layers stand, in inches: far enough apart for the labels between them."""
    gaps = [max(1.1 * (min(hidden, _MOST_LABELLED) + 1), 2.2), 2.3, 2.2, 2.2]
    return [sum(gaps[:number]) for number in range(len(gaps) + 1)]


def _draw_panel(axes: Axes, frame: pd.DataFrame, columns: list[float], colour: str) -> None:
    boxes = {}
    for row in _records(frame, "node"):
        centre = (columns[row["layer"]], _height(row["place"], row["layer_size"]))
        boxes[row["layer"], row["place"]] = _draw_node(axes, centre, _label(row), colour)
    for row in _records(frame, "edge"):
        ends = [boxes[row["layer"], row["place"]], boxes[row["layer"] + 1, row["target_place"]]]
        _draw_edge(axes, ends, row, columns, colour)


def _records(frame: pd.DataFrame, kind: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", frame[frame["kind"] == kind].to_dict("records"))


def _draw_node(axes: Axes, centre: tuple[float, float], label: str, colour: str) -> FancyBboxPatch:
    corner = (centre[0] - _BOX[0] / 2, centre[1] - _BOX[1] / 2)
    box = FancyBboxPatch(
        corner,
        *_BOX,
        boxstyle="round,pad=0,rounding_size=0.15",
        facecolor="white",
        edgecolor=colour,
        zorder=3,
    )
    axes.add_patch(box)
    axes.text(*centre, label, ha="center", va="center", size=10, zorder=4, linespacing=1.3)
    return box


def _draw_edge(axes: Axes, ends: list[FancyBboxPatch], row: dict[str, Any], columns: list[float], colour: str) -> None:
    start = (columns[row["layer"]], _height(row["place"], row["layer_size"]))
    end = (columns[row["layer"] + 1], _height(row["target_place"], row["target_size"]))
    backward = row["panel"] == "backward"
    points, patches = ([end, start], ends[::-1]) if backward else ([start, end], ends)
    axes.add_patch(
        FancyArrowPatch(
            *points,
            patchA=patches[0],
            patchB=patches[1],
            arrowstyle="-|>",
            mutation_scale=11,
            color=colour,
            zorder=1,
        )
    )
    if row["layer"] == 0 and row["target_size"] > _MOST_LABELLED:
        return
    # Labels of edges that cross are spread evenly over the height at this share of the way.
    share = 1 / (row["target_size"] + 1)
    place = [a + share * (b - a) for a, b in zip(start, end, strict=True)]
    axes.text(
        place[0],
        place[1],
        _label(row),
        ha="center",
        va="center",
        size=9.5,
        linespacing=1.2,
        zorder=2,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
    )


def _height(place: int, size: int) -> float:
    return ((size - 1) / 2 - place) * _ROW


def _label(row: dict[str, Any]) -> str:
    symbol = _symbol(row["symbol"])
    return f"${symbol}$" if pd.isna(row["value"]) else f"${symbol}$\n{_number(row['value'])}"


def _symbol(symbol: str) -> str:
    if symbol == "sigma":
        return r"\sigma(z)"
    if "/" not in symbol:
        return latex_symbol(symbol)
    return "/".join(rf"\partial {latex_symbol(part[1:])}" for part in symbol.split("/"))


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
