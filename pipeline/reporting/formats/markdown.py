"""Items as Markdown that git hosts show: tables, ``$…$`` formulas, and pictures as files beside it."""

from __future__ import annotations

import html
import re
from itertools import groupby
from typing import TYPE_CHECKING

from pipeline.reporting.items import Bullets, Folded, Heading, Paragraph, Picture, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pipeline.reporting.items import Item

FIGURES = "figures"
REPORT = "report.md"
DETAILS = "details.md"
# instead of | in a table's formula; a LaTeX command that ends in a letter would swallow the next one
BAR = r"\vert{}"
FORMULA = re.compile(r"(?<!\\)\$([^$`]+)(?<!\\)\$")
_RULES = {"l": ":--", "r": "--:"}
_CODE_OR_FORMULA_OR_SIGN = re.compile(rf"(?<!\\)(?P<code>`[^`]+`)|(?P<formula>{FORMULA.pattern})|[&<|]")
_SIGNS = {"&": "&amp;", "<": "&lt;", "|": "|"}
_LINK = re.compile(r"(?<!\\)\[((?:\\.|[^\]\\])*)\]\([^)]*\)")
_INSIDE = re.compile(r"(?<!\\)\]\(#([\w-]+)\)")
_MARK = re.compile(r"\\(.)|[*`$]")


def document(title: str, lead: Sequence[Item], contents: Mapping[str, str], body: Sequence[Item]) -> str:
    """Return the report as Markdown: what is folded away is a link to `DETAILS`.

    `lead` stands above the list of contents, which are the sections' names in plain text, by anchor.
    """
    entries = "\n".join(f"- [{inline(name)}](#{anchor})" for anchor, name in contents.items())
    text = "\n\n".join([f"# {title}", blocks(_linked(lead)), entries, blocks(_linked(body))]) + "\n"
    elsewhere = {anchor for fold in _folds([*lead, *body]) for anchor in _anchors([fold])}
    return _pointing(text, elsewhere, DETAILS)


def details(title: str, items: Sequence[Item]) -> str:
    """Return what `document` leaves out: a section for each fold, in the order of the report."""
    folds = _folds(items)
    parts = [part for fold in folds for part in (Heading(fold.title, fold.target), *fold.items)]
    intro = f"What [the report]({REPORT}) folds away, in its order."
    text = "\n\n".join([f"# {title}: details", intro, blocks(parts)]) + "\n"
    return _pointing(text, _anchors(items) - _anchors(folds), REPORT)


def _folds(items: Iterable[Item]) -> list[Folded]:
    return [item for item in items if isinstance(item, Folded)]


def _linked(items: Sequence[Item]) -> Iterator[Item]:
    """Yield the items with every run of folds as a list of links, without those that a table links to already."""
    cells = "".join(cell for item in items if isinstance(item, Table) for row in item.rows for cell in row)
    there = set(_INSIDE.findall(cells))
    for folded, run in groupby(items, key=lambda item: isinstance(item, Folded)):
        links = (
            [f"[{fold.title}](#{fold.target})" for fold in _folds(run) if fold.target not in there] if folded else []
        )
        yield from [Bullets(tuple(links))] if links else [] if folded else run


def _anchors(items: Iterable[Item]) -> set[str]:
    """Return what links can point at in these items."""
    found: set[str] = set()
    for item in items:
        if isinstance(item, Heading):
            found.add(item.anchor)
        if isinstance(item, Folded):
            found |= {item.target, *_anchors(item.items)}
    return found


def _pointing(text: str, elsewhere: Collection[str], page: str) -> str:
    """Let links to anchors that stand on another page lead there."""
    return _INSIDE.sub(lambda found: f"]({page}#{found[1]})" if found[1] in elsewhere else found[0], text)


def blocks(items: Iterable[Item]) -> str:
    """Return items as Markdown; a picture refers to ``figures/<name>.svg``, captions are paragraphs in italics."""
    return "\n\n".join(_block(item) for item in items)


def inline(text: str) -> str:
    """Return inline Markdown without any HTML in it: a git host would obey some of it."""
    return _CODE_OR_FORMULA_OR_SIGN.sub(lambda found: _SIGNS.get(found[0], found[0]), text)


def plain(text: str) -> str:
    """Return an inline text without its marks, for a page's title, a picture's description or a terminal."""
    return _MARK.sub(lambda found: found[1] or "", _LINK.sub(r"\1", text))


def _block(item: Item) -> str:
    match item:
        case Heading():
            # an anchor of its own, for a host makes a different one from the text
            return f'<a id="{item.anchor}"></a>\n\n{"#" * item.level} {inline(item.text)}'
        case Paragraph():
            return inline(item.text)
        case Bullets():
            return "\n".join(f"- {inline(entry)}" for entry in item.entries)
        case Folded():
            summary = html.escape(plain(item.title), quote=False)
            return f'<details id="{item.target}">\n<summary>{summary}</summary>\n\n{blocks(item.items)}\n\n</details>'
        case Table():
            return _table(item)
        case Picture():
            alt = re.sub(r"([\\\[\]*_`$])", r"\\\1", plain(item.alt))
            return f"![{inline(alt)}]({FIGURES}/{item.name}.svg)\n\n{_caption(item.caption)}"


def _table(table: Table) -> str:
    rows = [
        [_bold(cell) for cell in row] if number in table.strong_rows else row for number, row in enumerate(table.rows)
    ]
    lines = [_line(table.header), _line([_RULES[align] for align in table.align]), *map(_line, rows)]
    return "\n".join(([_caption(table.caption), ""] if table.caption else []) + lines)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Return inline Markdown that ends neither a cell nor a line early."""
    return _CODE_OR_FORMULA_OR_SIGN.sub(_safe_in_cell, text.replace("\n", " "))


def _safe_in_cell(found: re.Match[str]) -> str:
    return _SIGNS.get(found[0], found[0]).replace("|", BAR if found["formula"] else r"\|")


def _bold(cell: str) -> str:
    return f"**{cell.replace('**', '')}**" if cell.strip() else cell


def _caption(text: str) -> str:
    return f"_{inline(text)}_"
