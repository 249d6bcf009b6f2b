"""One colour, dash pattern and marker per optimizer, the same in every plot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.settings.study import OptimizerSettings


@dataclass(frozen=True)
class Style:
    """How an optimizer's line is drawn; `dash` and `marker` are matplotlib's, `width` is in points."""

    colour: str
    dash: str = "-"
    marker: str = "o"
    width: float = 1.5


# By class of torch.optim, for its first row, its second one and so on. One hue per family (blue: SGD, green: Adagrad
# and its successors, warm: Adam's); lightness, dashes and markers tell the lines of a family apart without colour.
# Every colour has a contrast of 3 or more on white (WCAG 2.2), and keeps it when a dark page turns lightness around.
_KNOWN = {
    "SGD": (Style("#08306b", "-", "o"), Style("#2b7bba", "--", "s"), Style("#3f97c4", "-.", "D")),
    "Adagrad": (Style("#00441b", "-", "^"),),
    "Adadelta": (Style("#178a67", "--", "v"),),
    "RMSprop": (Style("#5a9a2c", "-.", "P"),),
    "Adam": (Style("#d7191c", "-", "o"), Style("#7f2704", "--", "s")),
    "Adamax": (Style("#d9670f", "-.", "D"),),
    "NAdam": (Style("#c77700", "-", "^"),),
    "RAdam": (Style("#b0609f", "--", "v"),),
    "AdamW": (Style("#c51b7d", ":", "P", 2.0),),
    "Muon": (Style("#6a3d9a", ":", "X", 2.0),),
}
_SPARE = ("#5b47c2", "#128a9c", "#a6761d", "#5f6b73", "#e7298a", "#8f8a00")
_SPARE_DASHES = ("-", "--", ":", "-.")
_SPARE_MARKERS = ("h", "*", "p", "<", ">")
_BASELINE_WIDTH = 3.0
GREY = "#80868f"  # of all that a figure does not speak of


def styles(classes: Mapping[str, str], baseline: str) -> dict[str, Style]:
    """Return a style for every optimizer, whose `classes` are in the order of ``params.yaml``.

    A row of an unknown class gets the next spare style, so that a new row at the end changes no other style.
    """
    spare = zip(cycle(_SPARE), cycle(_SPARE_DASHES), cycle(_SPARE_MARKERS), strict=False)
    seen: Counter[str] = Counter()
    given = {}
    for name, class_name in classes.items():
        known = _KNOWN.get(class_name, ())[seen[class_name] :]
        seen[class_name] += 1
        style = known[0] if known else Style(*next(spare))
        given[name] = replace(style, width=_BASELINE_WIDTH) if name == baseline else style
    return given


def by_optimizer(rows: Mapping[str, OptimizerSettings]) -> dict[str, str]:
    """Return the colour of every row of ``optimizers`` in ``params.yaml``, for what is drawn elsewhere."""
    classes = {name: row.class_name for name, row in rows.items()}
    return {name: style.colour for name, style in styles(classes, baseline="").items()}


def quiet(style: Style) -> Style:
    """Return the style in grey, for an optimizer that a figure does not speak of."""
    return replace(style, colour=GREY, dash="-", width=1.0)


def ink_on(colour: tuple[float, ...]) -> str:
    """Return black or white, whichever reads better on red, green and blue (0 to 1).

    WCAG 2.2, relative luminance; 0.179 is where black and white have the same contrast.
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"
