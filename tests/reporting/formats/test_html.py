import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from pipeline.reporting.formats import html
from pipeline.reporting.items import Bullets, Folded, Formula, Heading, Paragraph, Picture, Table

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"><g id="a"/></svg>'
EVERY = [
    Heading("A *heading* & more", "one"),
    Paragraph("**bold** $a < b$ and `a $ b` <script>alert(1)</script> ![x](http://x.example/y.png)"),
    Bullets(("one", "two $\\frac{1}{2}$")),
    Table(("a", "b"), (("1", "<b>2</b>"), ("3", "4")), "lr", "About **these**", frozenset({1})),
    Folded("Details", (Picture("p", SVG, 'alt "text"', "caption"), Formula("x^2"))),
]
VOID = {"meta", "img", "br", "link"}


class WellFormed(HTMLParser):
    """Fails on an end tag that does not match; keeps all start tags."""

    def __init__(self):
        super().__init__()
        self.open, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


def parse(page):
    parser = WellFormed()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser.tags


@pytest.fixture(scope="module")
def page():
    return html.render(EVERY, "A <title>", "with `code`")


def test_every_kind_of_item_gives_well_formed_html(page):
    names = {tag for tag, _ in parse(page)}
    assert {
        "h1",
        "h2",
        "ul",
        "li",
        "table",
        "caption",
        "th",
        "td",
        "figure",
        "img",
        "details",
        "summary",
        "math",
    } <= names


def test_the_body_is_xml_too(page):
    body = page[page.index("<main>") : page.index("</main>") + len("</main>")]
    ET.fromstring(re.sub(r"(<img[^>]*)>", r"\1/>", body))  # noqa: S314 - our own text


def test_nothing_in_a_text_becomes_html(page):
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<td class="r n">&lt;b&gt;2&lt;/b&gt;</td>' in page
    assert "<title>A &lt;title&gt;</title>" in page
    assert [tag for tag, attributes in parse(page) if "x.example" in str(attributes)] == []


def test_a_formula_beside_code_is_the_only_formula(page):
    assert page.count("<math") == 3
    assert "<code>a $ b</code>" in page


@pytest.mark.parametrize(
    "text", ["[x](javascript:alert(1))", "<http://x.example>", "[x](https://x.example)", "![x](x.png)"]
)
def test_a_link_runs_and_loads_nothing(text):
    assert not re.search("<(a|img)", html.inline(text))


def test_a_link_inside_the_page_works():
    assert html.inline("see [this](#setup)") == 'see <a href="#setup">this</a>'


def test_pictures_have_their_size_and_words(page):
    attributes = next(attributes for tag, attributes in parse(page) if tag == "img")
    assert (attributes["width"], attributes["height"], attributes["alt"]) == ("96", "48", 'alt "text"')
    assert attributes["src"].startswith("data:image/svg+xml;base64,")


def test_strong_rows_and_scopes(page):
    tags = parse(page)
    assert [attributes.get("class") for tag, attributes in tags if tag == "tr"] == [None, None, "strong"]
    assert all(attributes["scope"] == "col" for tag, attributes in tags if tag == "th")


def test_no_formula_is_swallowed_as_emphasis():
    assert html.inline("$a*b$ and $c*d$").count("<math") == 2
    assert "<em>" not in html.inline("$a*b$ and $c*d$")
