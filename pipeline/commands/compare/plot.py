"""A comparison as one picture: what the search found, and the difference of every seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from pipeline.project import files
from pipeline.project.errors import UserError
from pipeline.project.wording import closest
from pipeline.reporting.drawing.axes import WIDTH, tidy
from pipeline.reporting.drawing.colours import styles

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from pipeline.commands.compare.compared import OptimizerComparison, Side
    from pipeline.reporting.drawing.colours import Style

ENDINGS = (".svg", ".png", ".pdf")
_STYLE: dict[Any, str] = {
    # the same file for the same figure; text that can be searched and edited
    "svg.hashsalt": "optimizer-study",
    "svg.fonttype": "none",
}
_RING: dict[str, Any] = {"markersize": 12, "markerfacecolor": "none", "color": "black"}
_DOTS_PER_INCH = 150


def check(path: Path) -> None:
    """Refuse, before any work, a file of a kind that is not drawn, or in a folder that is not there."""
    if path.suffix.lower() not in ENDINGS:
        raise UserError(
            f"--plot {path}: {path.suffix or 'no ending'} is not a kind of picture{closest(path.suffix, ENDINGS)}."
        )
    if not path.parent.is_dir():
        raise UserError(f"--plot {path}: there is no folder {path.parent}.")


def write(found: OptimizerComparison, path: Path) -> None:
    """Draw a comparison into an SVG, PNG or PDF file."""
    kind = path.suffix.lower().removeprefix(".")
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with mpl.rc_context(_STYLE), files.atomic(path) as temporary:
        draw(found).savefig(temporary, format=kind, dpi=_DOTS_PER_INCH, metadata=metadata)


def draw(found: OptimizerComparison) -> Figure:
    """Draw the search on the left, survivors ringed, and the paired differences on the right."""
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    sides = (found.optimizer, found.baseline)
    given = styles({side.name: side.row.class_name for side in sides}, found.baseline.name)
    for side in sides:
        _draw_search(left, side, given[side.name], by_loss=not found.measure.higher_is_better)
    validated = "validation accuracy (%)" if found.measure.higher_is_better else f"validation loss ({found.unit})"
    left.set(xscale="log", xlabel="learning rate (logarithmic)", ylabel=validated, title="search")
    left.plot([], [], "o", **_RING, label="trained with every seed")
    left.legend(frameon=False, fontsize=8)
    _draw_differences(right, found, given[found.optimizer.name])
    for axes in (left, right):
        tidy(axes)
    figure.suptitle(f"{found.optimizer.label} and {found.baseline.label} on {found.title}")
    return figure


def _draw_search(axes: Axes, side: Side, style: Style, *, by_loss: bool) -> None:
    rates = [tried.learning_rate for tried in side.tried]
    accuracies = [100 * (tried.validation_accuracy or 0.0) for tried in side.tried]
    losses = [math.nan if tried.validation_loss is None else tried.validation_loss for tried in side.tried]
    values = losses if by_loss else accuracies
    axes.plot(rates, values, style.marker, color=style.colour, label=side.label)
    survived = [place for place, tried in enumerate(side.tried) if tried.survivor is not None]
    axes.plot([rates[place] for place in survived], [values[place] for place in survived], "o", **_RING)


def _draw_differences(axes: Axes, found: OptimizerComparison, style: Style) -> None:
    by_seed = found.differences()
    places = range(len(by_seed))
    axes.axhline(0, color="black", linewidth=0.8)
    margin = found.shown(found.margin) or 0.0
    axes.axhspan(-margin, margin, color="#dddddd", zorder=0, label="margin: does not matter")
    axes.plot(places, [found.shown(value) or 0.0 for value in by_seed.values()], style.marker, color=style.colour)
    labels = [str(seed) for seed in by_seed]
    mean, low, high = (found.shown(value) for value in (found.difference, found.low, found.high))
    if mean is not None and low is not None and high is not None:
        reach = [[mean - low], [high - mean]]
        axes.errorbar([len(labels)], [mean], yerr=reach, fmt="s", color="black", capsize=4, label="95 % interval")
        labels.append("mean")
    axes.set_xticks(range(len(labels)), labels)
    axes.set(xlabel="seed", ylabel=f"difference ({found.unit})", title=f"{found.measure.title}, paired by seed")
    axes.legend(frameon=False, fontsize=8)
