"""Items as one HTML file that needs nothing else: no script, no font, no address outside itself."""

from __future__ import annotations

import base64
import html
import re
from functools import cache
from typing import TYPE_CHECKING

from pipeline.reporting.formats.inline import pieces, plain
from pipeline.reporting.formats.mathml import to_mathml
from pipeline.reporting.items import Bullets, Folded, Formula, Heading, Paragraph, Picture, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markdown_it import MarkdownIt

    from pipeline.reporting.items import Item

# Stands for a formula while Markdown is rendered: in a private area of Unicode that no text uses.
_PLACE = "\ue000{}\ue001"
_PLACES = re.compile("\ue000([0-9]+)\ue001")
_SIZE = re.compile(
    r'<svg[^>]*?\bheight="([0-9.]+)pt"[^>]*?\bwidth="([0-9.]+)pt"|'
    r'<svg[^>]*?\bwidth="([0-9.]+)pt"[^>]*?\bheight="([0-9.]+)pt"'
)
_SHORT = 20  # characters
_PIXELS_PER_POINT = 4 / 3


def render(items: Sequence[Item], title: str, subtitle: str = "") -> str:
    """Return a whole HTML page.

    Parameters
    ----------
    items
        The report, in order.
    title, subtitle
        Of the page; the subtitle is inline Markdown.

    Raises
    ------
    ValueError
        Where a formula is no valid LaTeX.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("pipeline.reporting"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    from markupsafe import Markup

    return environment.get_template("report.html").render(
        title=title,
        # both are HTML already: every text in them went through `inline`, which escapes
        subtitle=Markup(inline(subtitle)),  # noqa: S704
        body=Markup(_all(items)),  # noqa: S704
        contents=[(h.anchor, plain(h.text)) for h in items if isinstance(h, Heading) and h.level == 2],
    )


def inline(text: str) -> str:
    """Return inline Markdown as HTML; any HTML in it is escaped, and formulas become MathML."""
    formulas: list[str] = []
    source = ""
    for kind, piece in pieces(text):
        if kind == "formula":
            source += _PLACE.format(len(formulas))
            formulas.append(to_mathml(piece, display=False))
        else:
            source += piece
    return _PLACES.sub(lambda match: formulas[int(match[1])], _markdown().renderInline(source))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # the page names nothing outside itself, and an image would even load it
    markdown = MarkdownIt("commonmark", {"html": False}).disable(["image", "autolink"])
    markdown.validateLink = lambda url: url.startswith("#")  # type: ignore[method-assign]
    return markdown


def _all(items: Iterable[Item]) -> str:
    return "\n".join(_item(item) for item in items)


def _item(item: Item) -> str:
    match item:
        case Heading():
            level = min(max(item.level, 2), 6)
            return f'<h{level} id="{html.escape(item.anchor)}">{inline(item.text)}</h{level}>'
        case Paragraph():
            return f"<p>{inline(item.text)}</p>"
        case Bullets():
            return "<ul>" + "".join(f"<li>{inline(entry)}</li>" for entry in item.entries) + "</ul>"
        case Formula():
            return f'<div class="scroll formula">{to_mathml(item.latex, display=True)}</div>'
        case Folded():
            return f"<details><summary>{inline(item.title)}</summary>\n{_all(item.items)}\n</details>"
        case Table():
            return _table(item)
        case Picture():
            return _picture(item)


def _table(table: Table) -> str:
    caption = f"<caption>{inline(table.caption)}</caption>" if table.caption else ""
    head = "".join(
        f'<th scope="col" class="{align}">{inline(cell)}</th>'
        for cell, align in zip(table.header, table.align, strict=True)
    )
    rows = "\n".join(_row(table, number) for number in range(len(table.rows)))
    # a table wider than a phone is scrolled, with the keyboard too
    name = html.escape(plain(table.caption or table.header[0]))
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">'
        f"<table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def _row(table: Table, number: int) -> str:
    cells = "".join(
        f'<td class="{align}{_unbroken(cell)}">{inline(cell)}</td>'
        for cell, align in zip(table.rows[number], table.align, strict=True)
    )
    strong = ' class="strong"' if number in table.strong_rows else ""
    return f"<tr{strong}>{cells}</tr>"


def _unbroken(cell: str) -> str:
    """Return the class that keeps a name such as ``SGD + momentum`` on one line."""
    return " n" if len(plain(cell)) <= _SHORT else ""


def _picture(picture: Picture) -> str:
    # An image of its own, so that the identifiers inside two pictures cannot clash.
    encoded = base64.b64encode(picture.svg.encode()).decode()
    caption = f"<figcaption>{inline(picture.caption)}</figcaption>" if picture.caption else ""
    name = html.escape(plain(picture.caption or picture.name))
    return (
        f'<figure><div class="card" role="region" tabindex="0" aria-label="{name}">'
        f'<img{_size(picture.svg)} alt="{html.escape(plain(picture.alt))}" '
        f'src="data:image/svg+xml;base64,{encoded}"></div>{caption}</figure>'
    )


def _size(svg: str) -> str:
    """Return width and height as attributes, so that the page does not jump while it loads."""
    found = _SIZE.search(svg)
    if not found:
        return ""
    height, width = (found[1], found[2]) if found[1] else (found[4], found[3])
    pixels = (round(float(size) * _PIXELS_PER_POINT) for size in (width, height))
    return ' width="{}" height="{}"'.format(*pixels)
