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
    """Return `figure` as an SVG document, the same bytes for the same figure.

    Parameters
    ----------
    figure
        As built by a plot's ``draw``; it is not closed, for it belongs to no window.

    Returns
    -------
    str
        A whole document with its XML declaration; it holds no date, no random name and no reference to
        anything outside itself.
    """
    text = io.StringIO()
    with mpl.rc_context(_SVG_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    # matplotlib ends some lines of paths in a blank
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
