"""Items as Markdown that git hosts show: tables, ``$…$`` formulas, and pictures as files beside it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from pipeline.reporting.formats.inline import pieces, plain
from pipeline.reporting.items import Bullets, Folded, Formula, Heading, Paragraph, Picture, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.reporting.items import Item

FIGURES = "figures"
_RULES = {"l": ":--", "r": "--:"}
# commands that end in a letter would swallow the next one
_BAR = r"\vert{}"


def render(items: Sequence[Item], title: str, subtitle: str = "") -> str:
    """Return a whole Markdown document.

    Parameters
    ----------
    items
        The report, in order; a picture refers to ``figures/<name>.svg``.
    title, subtitle
        Of the document; the subtitle is inline Markdown.
    """
    contents = [f"- [{plain(h.text)}](#{h.anchor})" for h in items if isinstance(h, Heading) and h.level == 2]
    blocks = [f"# {title}", _escaped(subtitle), "\n".join(contents), _all(items)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _all(items: Iterable[Item]) -> str:
    return "\n\n".join(_item(item) for item in items)


def _item(item: Item) -> str:
    match item:
        case Heading():
            # an anchor of its own, for a host makes a different one from the text
            anchor = f'<a id="{html.escape(item.anchor)}"></a>'
            return f"{anchor}\n\n{'#' * item.level} {_escaped(item.text)}"
        case Paragraph():
            return _escaped(item.text)
        case Bullets():
            return "\n".join(f"- {_escaped(entry)}" for entry in item.entries)
        case Formula():
            return f"$$\n{item.latex}\n$$"
        case Folded():
            title = html.escape(plain(item.title))
            return f"<details>\n<summary>{title}</summary>\n\n{_all(item.items)}\n\n</details>"
        case Table():
            return _table(item)
        case Picture():
            return _picture(item)


def _table(table: Table) -> str:
    lines = [
        _line(table.header),
        _line([_RULES[align] for align in table.align]),
        *(
            _line([_bold(cell) for cell in row] if number in table.strong_rows else row)
            for number, row in enumerate(table.rows)
        ),
    ]
    text = "\n".join(lines)
    return f"{_escaped(table.caption)}\n\n{text}" if table.caption else text


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Return inline Markdown that neither ends a cell nor a line early."""
    joined = ""
    for kind, piece in pieces(text.replace("\n", " ")):
        joined += f"${piece.replace('|', _BAR)}$" if kind == "formula" else _safe(kind, piece).replace("|", r"\|")
    return joined


def _bold(cell: str) -> str:
    return f"**{cell.replace('**', '')}**" if cell.strip() else cell


def _picture(picture: Picture) -> str:
    alt = re.sub(r"([\\\[\]])", r"\\\1", plain(picture.alt).replace("\n", " "))
    image = f"![{html.escape(alt, quote=False)}]({FIGURES}/{picture.name}.svg)"
    return f"{image}\n\n{_escaped(picture.caption)}" if picture.caption else image


def _escaped(text: str) -> str:
    """Return inline Markdown without any HTML in it: a host would obey some of it."""
    return "".join(f"${piece}$" if kind == "formula" else _safe(kind, piece) for kind, piece in pieces(text))


def _safe(kind: str, piece: str) -> str:
    return piece if kind == "code" else piece.replace("&", "&amp;").replace("<", "&lt;")
