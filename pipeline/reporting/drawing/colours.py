"""One colour, dash pattern and marker per optimizer, the same in every plot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Style:
    """How an optimizer's line is drawn.

    `colour` is ``#rrggbb``; `dash` and `marker` are matplotlib's; `width` is in points.
    """

    colour: str
    dash: str = "-"
    marker: str = "o"
    width: float = 1.5


# A hue a family (blue: SGD, green: Adagrad and its heirs, warm: Adam's) and within it lightness, dashes and
# markers, which tell lines apart without any colour. Adam is the one saturated red, and thicker.
_KNOWN = {
    "sgd": Style("#08306b", "-", "o"),
    "momentum": Style("#2b7bba", "--", "s"),
    "nesterov": Style("#7db8da", "-.", "D"),
    "adagrad": Style("#00441b", "-", "^"),
    "adadelta": Style("#1b9e77", "--", "v"),
    "rmsprop": Style("#86bd5c", "-.", "P"),
    "adam": Style("#d7191c", "-", "o", 3.0),
    "amsgrad": Style("#7f2704", "--", "s"),
    "adamax": Style("#e6761b", "-.", "D"),
    "nadam": Style("#f2a93b", "-", "^"),
    "radam": Style("#c994c7", "--", "v"),
    "adamw": Style("#8c2d8f", ":", "P", 2.0),
    "muon": Style("#3a3a3a", ":", "X", 2.0),
}
_SPARE = ("#6a51a3", "#17a2b8", "#a6761d", "#969696", "#e7298a", "#b2ac00")
_SPARE_DASHES = ("-", "--", ":", "-.")
_SPARE_MARKERS = ("h", "*", "p", "<", ">")


def styles(optimizers: Iterable[str]) -> dict[str, Style]:
    """Return a style for every optimizer.

    Parameters
    ----------
    optimizers
        All rows of ``params.yaml``, in their order. A name that has no style of its own gets the next spare
        one, so that a new row at the end changes nobody else's.
    """
    names = list(optimizers)
    unknown = [name for name in names if name not in _KNOWN]
    spare = zip(cycle(_SPARE), cycle(_SPARE_DASHES), cycle(_SPARE_MARKERS), strict=False)
    given = {name: Style(*style) for name, style in zip(unknown, islice(spare, len(unknown)), strict=True)}
    return {name: _KNOWN.get(name) or given[name] for name in names}


def ink_on(colour: tuple[float, ...]) -> str:
    """Return black or white, whichever reads better on a colour.

    Parameters
    ----------
    colour
        Red, green and blue (further values are ignored), 0 to 1.

    References
    ----------
    WCAG 2.2, relative luminance; 0.179 is where black and white have the same contrast.
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"
