"""One colour, dash pattern and marker per optimizer, the same in every plot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Style:
    """How an optimizer's line is drawn; `dash` and `marker` are matplotlib's, `width` is in points."""

    colour: str
    dash: str = "-"
    marker: str = "o"
    width: float = 1.5


# By class of torch.optim, for its first row, its second one and so on. One hue per family (blue: SGD, green: Adagrad
# and its successors, warm: Adam's); lightness, dashes and markers tell the lines of a family apart without colour.
_KNOWN = {
    "SGD": (Style("#08306b", "-", "o"), Style("#2b7bba", "--", "s"), Style("#7db8da", "-.", "D")),
    "Adagrad": (Style("#00441b", "-", "^"),),
    "Adadelta": (Style("#1b9e77", "--", "v"),),
    "RMSprop": (Style("#86bd5c", "-.", "P"),),
    "Adam": (Style("#d7191c", "-", "o"), Style("#7f2704", "--", "s")),
    "Adamax": (Style("#e6761b", "-.", "D"),),
    "NAdam": (Style("#f2a93b", "-", "^"),),
    "RAdam": (Style("#c994c7", "--", "v"),),
    "AdamW": (Style("#8c2d8f", ":", "P", 2.0),),
    "Muon": (Style("#3a3a3a", ":", "X", 2.0),),
}
_SPARE = ("#6a51a3", "#17a2b8", "#a6761d", "#969696", "#e7298a", "#b2ac00")
_SPARE_DASHES = ("-", "--", ":", "-.")
_SPARE_MARKERS = ("h", "*", "p", "<", ">")
_BASELINE_WIDTH = 3.0


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


def ink_on(colour: tuple[float, ...]) -> str:
    """Return black or white, whichever reads better on red, green and blue (0 to 1).

    WCAG 2.2, relative luminance; 0.179 is where black and white have the same contrast.
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"
