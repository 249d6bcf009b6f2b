"""A matplotlib figure as text that is the same for the same figure."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG_STYLE: dict[Any, str] = {
    # matplotlib salts the identifiers of clip paths and markers with a random number otherwise
    "svg.hashsalt": "optimizer-study",
    # glyphs as paths: the reader's machine may lack the font
    "svg.fonttype": "path",
}


def to_svg(figure: Figure) -> str:
    """Return a figure as a whole SVG document without a date, a random name or a reference to anything outside it."""
    text = io.StringIO()
    with mpl.rc_context(_SVG_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    # matplotlib ends some lines of paths in a blank
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
