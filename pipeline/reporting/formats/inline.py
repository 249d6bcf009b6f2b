"""Inline Markdown with formulas, split into its pieces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind: TypeAlias = Literal["text", "code", "formula"]

_PIECE = re.compile(r"(?P<code>`[^`]+`)|\$(?P<formula>[^$`]+)\$")


def pieces(text: str) -> Iterator[tuple[Kind, str]]:
    """Yield the pieces of an inline text in order.

    Yields
    ------
    tuple
        ``("formula", latex)`` without its dollar signs, ``("code", text)`` with its backticks, or
        ``("text", text)``. A dollar sign inside code is no formula.
    """
    end = 0
    for match in _PIECE.finditer(text):
        if match.start() > end:
            yield "text", text[end : match.start()]
        if match["code"]:
            yield "code", match["code"]
        else:
            yield "formula", match["formula"]
        end = match.end()
    if end < len(text):
        yield "text", text[end:]


def plain(text: str) -> str:
    """Return an inline text without its marks, for a page's title or a table of contents."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return text.replace("*", "").replace("`", "").replace("$", "")
