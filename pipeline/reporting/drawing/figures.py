"""A matplotlib figure as text that is the same for the same figure."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE: dict[Any, str] = {
    # matplotlib salts the identifiers of clip paths and markers with a random number otherwise
    "svg.hashsalt": "optimizer-study",
    # text stays text: it can be searched and read aloud, and takes a tenth of the bytes
    "svg.fonttype": "none",
}
# what matplotlib writes and nobody reads: the head, comments, names of groups
_NOISE = re.compile(r'<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|(?<=<g) id="[^"]*"', re.DOTALL)
_FONTS = re.compile(r"(font(?:-family)?: [^;\"]*?)'DejaVu Sans'[^;\"]*")
_DIGITS = re.compile(r"(\.\d\d)\d+")


def to_svg(figure: Figure) -> str:
    """Return a figure as a whole SVG document without a date, a random name or a reference to anything outside it."""
    text = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return _compact(text.getvalue())


def to_narrow_svg(figure: Figure, width: float) -> str:
    """Return the same figure laid out anew for a phone, `width` inches wide; the figure keeps its own size."""
    before = figure.get_size_inches().copy()
    figure.set_size_inches(width, before[1])
    try:
        return to_svg(figure)
    finally:
        figure.set_size_inches(*before)


def _compact(svg: str) -> str:
    """Drop what a reader cannot see: a third of the bytes, and digits below a hundredth of a point."""
    text = _FONTS.sub(r"\1sans-serif", _NOISE.sub("", svg))
    text = text.replace("xlink:href", "href").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    text = _DIGITS.sub(r"\1", text)
    return "\n".join(line for raw in text.splitlines() if (line := raw.strip())) + "\n"
