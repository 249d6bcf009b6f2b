"""The Markdown of a report as one HTML file that needs nothing else: no script, no font, no address outside it."""

from __future__ import annotations

import html
import re
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from pipeline.reporting.formats.markdown import BAR, FIGURES, FORMULA, plain
from pipeline.reporting.formats.mathml import to_mathml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.utils import EnvType, OptionsDict

_ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')
_FOLD = re.compile(r'<details id="[\w-]+">\n<summary>[^<>]*</summary>\s*|</details>\s*')
_ID = re.compile(r'\bid="|(?:href="|url\()#')
_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)  # the page's style sheet has it once
_PIXELS_PER_POINT = 4 / 3
_SHORT = 20  # characters of a cell that is not broken, such as a name
_LONG = 40  # characters of a sentence: on a phone every row of its table is a card


class Drawn(NamedTuple):
    """A figure as SVG: for a desk, and laid out anew for a phone, None where it is scrolled there."""

    wide: str
    narrow: str | None = None


def environment() -> Environment:
    """Return what makes pages of the templates beside this file: it escapes texts, and refuses names that are none."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=PackageLoader("pipeline.reporting.formats"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def page(title: str, lead: str, contents: Mapping[str, str], body: str, figures: Mapping[str, Drawn]) -> str:
    """Return a whole HTML page; `lead` and `body` are Markdown as `markdown.blocks` returns it.

    `lead` stands above the list of contents, which are the sections' names by anchor; `figures` are by name.
    """
    from markupsafe import Markup

    parser = _parser()
    sources = {"figures": {f"{FIGURES}/{name}.svg": (name, drawn) for name, drawn in figures.items()}}
    return (
        environment()
        .get_template("report.html")
        .render(
            title=title,
            # both are HTML already: the parser escapes every text in them
            lead=Markup(parser.render(lead, sources)),  # noqa: S704
            body=Markup(parser.render(body, sources)),  # noqa: S704
            contents=contents,
        )
    )


class _Renderer(RendererHTML):
    """Pictures as data, scrolled tables, MathML, and no HTML but the folds that `markdown` writes."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        source = tokens[idx].attrGet("src")
        if source not in env["figures"]:
            raise ValueError(f"there is no picture {source}")
        name, drawn = env["figures"][source]
        alt = html.escape(html.unescape(plain(tokens[idx].content)))
        wide = _inline(drawn.wide, "wide", name, alt)
        if drawn.narrow is None:
            return f"<div {_region(tokens[idx], 'card scrolled', alt)}>{wide}</div>"
        return f'<div class="card">{wide}{_inline(drawn.narrow, "narrow", f"{name}-narrow", alt)}</div>'

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<div {_region(tokens[idx], 'scroll', 'Table')}><table{tokens[idx].meta.get('style', '')}>"

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return to_mathml(tokens[idx].content.replace(BAR, "|"), display=False)

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        content = tokens[idx].content
        return content if _FOLD.fullmatch(content) else html.escape(content)

    def html_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return html.escape(tokens[idx].content)


def _region(token: Token, style: str, name: str) -> str:
    """Return the attributes of a box that is scrolled on a phone, with the keyboard too."""
    return f'class="{style}" role="group" tabindex="0" aria-label="{html.escape(token.meta.get("name", name))}"'


def _inline(svg: str, style: str, name: str, alt: str) -> str:
    """Return an SVG document as an element of the page: it follows the page's colours, and its texts can be found.

    Its identifiers get the figure's name, so that those of two figures cannot clash.
    """
    head, _, rest = svg[svg.index("<svg") :].partition(">")
    box = re.search(r'viewBox="[^"]*"', head)
    sizes = {side: re.search(rf'\b{side}="([0-9.]+)pt"', head) for side in ("width", "height")}
    size = "".join(f' {side}="{float(found[1]) * _PIXELS_PER_POINT:.0f}"' for side, found in sizes.items() if found)
    rest = _ID.sub(rf"\g<0>{name}-", _STYLE.sub("", rest)).strip()
    return f'<svg class="{style}"{size} {box[0] if box else ""} role="img" aria-label="{alt}">{rest}'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", renderer_cls=_Renderer).enable("table").disable("autolink")
    # the page names nothing outside itself, and an image would even load it
    parser.validateLink = lambda url: url.startswith(("#", f"{FIGURES}/"))  # type: ignore[method-assign]
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.core.ruler.push("report", _arrange)
    return parser


def _formula(state: StateInline, silent: bool) -> bool:
    found = FORMULA.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("formula", "math", 0).content = found[1]
    state.pos = found.end()
    return True


def _arrange(state: StateCore) -> None:
    """Give headings their anchors, and pictures and tables their captions and the classes of the style sheet."""
    tokens = state.tokens
    for at, token in enumerate(tokens):
        match token.type:
            case "heading_open":
                _move_anchor(tokens, at)
            case "paragraph_open" if _first_child(tokens, at) == "image":
                _arrange_figure(tokens, at)
            case "paragraph_open" if _is_caption(tokens, at) and tokens[at + 3].type == "table_open":
                tokens[at : at + 4] = [tokens[at + 3], *_caption(tokens[at + 1], "caption")]
                tokens[at].meta["name"] = _words(tokens[at + 2])
            case "thead_open":
                _arrange_for_phones(tokens, at)
            case "tr_open":
                _arrange_row(tokens, at)


def _move_anchor(tokens: Sequence[Token], at: int) -> None:
    """Give a heading the anchor that stands in a paragraph of its own above it."""
    above = tokens[max(at - 3, 0) : at]
    if len(above) == 3 and (anchor := _ANCHOR.fullmatch(above[1].content)):
        tokens[at].attrSet("id", anchor[1])
        above[0].hidden = above[2].hidden = True
        above[1].children = []


def _first_child(tokens: Sequence[Token], paragraph: int) -> str:
    children = tokens[paragraph + 1].children
    return children[0].type if children else ""


def _is_caption(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a paragraph stands in italics, written with underscores."""
    if at + 3 >= len(tokens) or _first_child(tokens, at) != "em_open":
        return False
    return tokens[at + 1].content.startswith("_") and tokens[at + 1].content.endswith("_")


def _caption(inline: Token, tag: str) -> list[Token]:
    inline.children = (inline.children or [])[1:-1]
    return [Token("caption_open", tag, 1), inline, Token("caption_close", tag, -1, block=True)]


def _words(caption: Token) -> str:
    return html.unescape(plain(caption.content[1:-1]))


def _plain_text(content: Token) -> str:
    return html.unescape(plain(content.content))


def _arrange_figure(tokens: list[Token], at: int) -> None:
    """Turn a picture's paragraph and the caption's below it into one ``<figure>``."""
    image, caption = tokens[at + 1], tokens[at + 4]
    if image.children:
        image.children[0].meta["name"] = _words(caption)
    tokens[at].tag = tokens[at + 5].tag = "figure"
    tokens[at + 2 : at + 5] = _caption(caption, "figcaption")


def _arrange_for_phones(tokens: Sequence[Token], at: int) -> None:
    """Name the cells of a table of sentences, so that its rows can be cards; tell a table whose rows are numbered."""
    table = next(token for token in reversed(tokens[:at]) if token.type == "table_open")
    rows: list[list[tuple[Token, str]]] = []
    for cell, content in pairwise(takewhile(lambda token: token.type != "table_close", tokens[at:])):
        if cell.type == "tr_open":
            rows.append([])
        if cell.type in ("th_open", "td_open"):
            rows[-1].append((cell, _plain_text(content)))
    head, *body = rows
    if any(len(text) > _LONG for row in body for _, text in row):
        table.meta["style"] = ' class="cards"'
        for row in body:
            for (cell, _), (_, name) in zip(row, head, strict=True):
                cell.meta["label"] = name
    elif head[0][1] == "#":
        table.meta["style"] = ' class="numbered"'


def _arrange_row(tokens: Sequence[Token], at: int) -> None:
    cells = list(takewhile(lambda token: token.type != "tr_close", tokens[at:]))
    texts = [cell.content for cell in cells if cell.type == "inline" and cell.content]
    if texts and all(text.startswith("**") and text.endswith("**") for text in texts):
        tokens[at].attrSet("class", "strong")
    for cell, content in pairwise(cells):
        if cell.type not in ("th_open", "td_open"):
            continue
        align = "r" if "right" in str(cell.attrs.pop("style", "")) else "l"
        if cell.type == "th_open":
            cell.attrs = {"scope": "col", "class": align}
        else:
            cell.attrs = {"class": f"{align} n" if len(plain(content.content)) <= _SHORT else align}
            if label := cell.meta.get("label"):
                cell.attrSet("data-label", label)
