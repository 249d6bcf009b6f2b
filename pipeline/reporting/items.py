r"""The plain items that a report is made of: a section yields them, `formats` turns them into Markdown and HTML.

Texts are inline Markdown: ``**bold**``, ``*italics*``, `` `code` ``, ``[text](#anchor)`` and LaTeX formulas between
dollar signs, ``$w \leftarrow w - \alpha \partial J / \partial w$``. Text from elsewhere goes through `literal`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from matplotlib.figure import Figure

NARROW = 4.2  # inches: at 360 pixels a point of text is then about a pixel
_MARK = re.compile(r"([\\`*_\[\]$~])")


def literal(text: str) -> str:
    """Return inline Markdown that shows a text as it is, whatever signs it holds."""
    return _MARK.sub(r"\\\1", text)


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 2 opens a section, `anchor` is what links point at."""

    text: str
    anchor: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of inline Markdown."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """An unordered list; every entry is inline Markdown."""

    entries: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of inline Markdown cells; `align` has a letter per column, ``l`` or ``r``, `strong_rows` are bold."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str
    caption: str = ""
    strong_rows: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        widths = {len(self.header), len(self.align), *(len(row) for row in self.rows)}
        if len(widths) != 1:
            raise ValueError(f"a table needs one width for header, align and all rows, found {sorted(widths)}")


@dataclass(frozen=True)
class Picture:
    """A figure; `name` becomes its file name, `alt` describes it in words, `title` stands above it on a slide.

    `narrow` is the width in inches in which it is laid out a second time for phones; None where it would lose its sense
    there: it is scrolled then.
    """

    name: str
    figure: Figure
    alt: str
    caption: str
    title: str
    narrow: float | None = NARROW


@dataclass(frozen=True)
class Folded:
    """Items that a reader opens on demand, under a one-line title; links point at the `anchor`."""

    title: str
    items: tuple[Item, ...]
    anchor: str = ""

    @property
    def target(self) -> str:
        """What links point at: the anchor, or one that is made of the title."""
        return self.anchor or re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


Item: TypeAlias = Heading | Paragraph | Bullets | Table | Picture | Folded


def pictures(items: Iterable[Item]) -> Iterator[Picture]:
    """Yield all pictures, also those that are folded away."""
    for item in items:
        if isinstance(item, Folded):
            yield from pictures(item.items)
        if isinstance(item, Picture):
            yield item
