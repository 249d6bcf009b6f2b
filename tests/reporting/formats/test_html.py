import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from pipeline.reporting.formats import html, markdown
from pipeline.reporting.items import Bullets, Folded, Heading, Paragraph, Picture, Table, literal

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"><g id="a"/></svg>'
NASTY = 'a <b>&amp;</b> | *c* _d_ `e` $f$ [g](http://x.example) ![h](i.png) ~~j~~ \\k <script>alert(1)</script> "l"'
EVERY = [
    Heading("A *heading* & more", "one"),
    Paragraph("**bold** $a < b$ and `a $ b` <script>alert(1)</script> ![x](http://x.example/y.png)"),
    Bullets(("one", "two $\\frac{1}{2}$")),
    Table(("a", "b"), (("1", "<b>2</b>"), ("3", "4")), "lr", "About **these**", frozenset({1})),
    Paragraph("no caption"),
    Table(("alone", "`x|y`"), (("", "$|z|$"),), "rl"),
    Folded("Details <i>", (Picture("p", None, 'alt "text" [1] a_b_c', "caption *here*", "title"), Paragraph("$x^2$"))),
]
VOID = {"meta", "img", "br", "link"}


class WellFormed(HTMLParser):
    """Fails on an end tag that does not match; keeps all start tags, and all texts by the tag they stand in."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))


def parse(page):
    parser = WellFormed()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def render(*items, title="T", lead="", narrow=None):
    contents = {item.anchor: markdown.plain(item.text) for item in items if isinstance(item, Heading)}
    return html.page(title, lead, contents, markdown.blocks(items), {"p": html.Drawn(SVG, narrow)})


def body(*items):
    page = render(*items)
    page = page.replace(page[page.index("<h1>") : page.index("</nav>") + len("</nav>")], "")
    return page[page.index("<main>") : page.index("</main>") + len("</main>")]


def words(*items, tag):
    return "".join(text for inside, text in parse(body(*items)).texts if inside == tag)


@pytest.fixture(scope="module")
def page():
    return render(*EVERY, title="A <title>", lead="with `code`")


def test_every_kind_of_item_gives_well_formed_html(page):
    names = [tag for tag, _ in parse(page).tags]
    once = {"h1", "h2", "ul", "caption", "figure", "figcaption", "svg", "details", "summary"}
    assert {tag: names.count(tag) for tag in once} == dict.fromkeys(once, 1)
    assert [names.count(tag) for tag in ("table", "th", "td", "math")] == [2, 4, 6, 4]


def test_the_body_is_xml_too(page):
    main = page[page.index("<main>") : page.index("</main>") + len("</main>")]
    ET.fromstring(main)  # noqa: S314 - our own text


def test_nothing_in_a_text_becomes_html(page):
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<td class="r n">&lt;b&gt;2&lt;/b&gt;</td>' in page
    assert "<title>A &lt;title&gt;</title>" in page
    assert [tag for tag, attributes in parse(page).tags if "x.example" in str(attributes)] == []


@pytest.mark.parametrize(
    "html_text", ["<details>", "</details>", '<a id="x"></a>', "<img src=x onerror=alert(1)>", "<!-- -->", "<h1>"]
)
@pytest.mark.parametrize("start", ["", "\n", "\n\n"])
def test_html_that_stands_where_markdown_takes_it_is_shown(html_text, start):
    assert html_text in words(Paragraph(f"a{start}{html_text}{start}b"), tag="p")


def test_a_text_from_elsewhere_is_shown_as_it_is_wherever_it_stands():
    text = literal(NASTY)
    items = [
        Heading(text, "a"),
        Paragraph(text),
        Bullets((text,)),
        Table(("x", text), ((text, "1"), ("2", text)), "ll", text, frozenset({1})),
        Folded(text, (Picture("p", None, text, text, text),)),
    ]
    for tag in ("h2", "p", "li", "th", "caption", "summary", "figcaption"):
        assert words(*items, tag=tag).removeprefix("x").strip() == NASTY
    assert words(*items, tag="td") == f"{NASTY}1"
    assert words(*items, tag="strong") == f"2{NASTY}"
    tags = parse(body(*items)).tags
    assert [attributes["aria-label"] for tag, attributes in tags if tag == "svg"] == [NASTY]
    assert {attributes["aria-label"] for _, attributes in tags if "aria-label" in attributes} == {NASTY}
    assert not {"b", "script", "em", "a", "code", "math", "s"} & {tag for tag, _ in tags}


def test_a_formula_beside_code_is_the_only_formula(page):
    assert page.count("<math") == 4
    assert "<code>a $ b</code>" in page


@pytest.mark.parametrize(
    "text", ["[x](javascript:alert(1))", "<http://x.example>", "[x](https://x.example)", "![x](x.png)"]
)
def test_a_link_runs_and_loads_nothing(text):
    assert not re.search("<(a|img)", body(Paragraph(text)))


def test_a_link_inside_the_page_works():
    assert 'see <a href="#setup">this</a>' in body(Paragraph("see [this](#setup)"))


def test_a_picture_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match=r"no picture figures/q\.svg"):
        body(Picture("q", None, "alt", "caption", "title"))


def test_headings_carry_their_anchors(page):
    assert '<h2 id="one">A <em>heading</em> &amp; more</h2>' in page
    assert '<a href="#one">A heading &amp; more</a>' in page
    assert "&lt;a id" not in page


def test_pictures_have_their_size_words_and_caption(page):
    attributes = next(attributes for tag, attributes in parse(page).tags if tag == "svg")
    assert (attributes["width"], attributes["height"], attributes["role"]) == ("96", "48", "img")
    assert attributes["aria-label"] == 'alt "text" [1] a_b_c'
    # it is scrolled on a phone, with the keyboard too
    assert '<div class="card scrolled" role="group" tabindex="0" aria-label="caption here">' in page
    assert "<figcaption>caption <em>here</em></figcaption></figure>" in page.replace("\n", "")


def test_a_picture_for_a_phone_stands_beside_the_other_and_their_identifiers_differ():
    page = render(Picture("p", None, "alt", "caption", "title"), narrow=SVG)
    found = [attributes for tag, attributes in parse(page).tags if tag in ("svg", "g")]
    assert [one.get("class", one.get("id")) for one in found] == ["wide", "p-a", "narrow", "p-narrow-a"]
    assert "tabindex" not in page


def test_tables_have_captions_scopes_sides_and_strong_rows(page):
    tags = parse(page).tags
    assert "<caption>About <strong>these</strong></caption>" in page
    assert [attributes.get("class") for tag, attributes in tags if tag == "tr"] == [None, None, "strong", None, None]
    assert [attributes for tag, attributes in tags if tag == "th"] == [
        {"scope": "col", "class": side} for side in ("l", "r", "r", "l")
    ]
    regions = [attributes["aria-label"] for _, attributes in tags if attributes.get("class") == "scroll"]
    assert regions == ["About these", "Table"]


def test_only_short_cells_stay_on_one_line():
    page = body(Table(("a", "b"), (("SGD + momentum", "a sentence that is longer"),), "ll"))
    assert '<td class="l n">SGD + momentum</td>' in page
    assert '<td class="l">a sentence' in page


def test_no_formula_is_swallowed_as_emphasis():
    page = body(Paragraph("$a*b$ and $c*d$, $e_1$ and $e_2$"))
    assert page.count("<math") == 4
    assert "<em>" not in page


def test_a_formula_that_is_no_latex_is_an_error():
    with pytest.raises(ValueError, match="LaTeX"):
        body(Paragraph(r"$\unknown x$"))


def test_on_a_phone_the_rows_of_a_table_of_sentences_are_cards_with_named_values():
    long = "a sentence of more than forty characters, which no phone shows beside others"
    tags = parse(body(Table(("claim", "in *one* line"), (("short", long),), "ll"))).tags
    assert ("table", {"class": "cards"}) in tags
    assert [found["data-label"] for tag, found in tags if tag == "td"] == ["claim", "in one line"]


def test_a_table_of_numbers_is_no_card_and_keeps_the_name_beside_a_number_in_sight():
    assert dict(parse(body(Table(("#", "optimizer"), (("1", "Adam"),), "rl"))).tags)["table"] == {"class": "numbered"}
    assert dict(parse(body(Table(("optimizer", "p"), (("Adam", "1"),), "lr"))).tags)["table"] == {}
