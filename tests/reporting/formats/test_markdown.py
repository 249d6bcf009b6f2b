import re

import pytest

from pipeline.reporting.formats import markdown
from pipeline.reporting.items import Bullets, Folded, Heading, Paragraph, Picture, Table, literal


def one(item):
    return markdown.blocks([item])


def test_a_table_keeps_its_shape_whatever_its_cells_hold():
    table = Table(("a|b", "c"), (("`x|y`", "$|z|$"), ("", "two\nlines")), "lr", "Words", frozenset({1}))
    assert one(table).splitlines() == [
        "_Words_",
        "",
        r"| a\|b | c |",
        "| :-- | --: |",
        r"| `x\|y` | $\vert{}z\vert{}$ |",
        "|  | **two lines** |",
    ]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Paragraph("a <b> & *c* `<d>` $e<f$ | g"), "a &lt;b> &amp; *c* `<d>` $e<f$ | g"),
        (Bullets(("x", "y")), "- x\n- y"),
        (Picture("p", "<svg/>", "a [b] *c*", "d", "e"), "![a \\[b\\] c](figures/p.svg)\n\n_d_"),
        (
            Folded("A & **b**", (Paragraph("c"),)),
            '<details id="a-b">\n<summary>A &amp; b</summary>\n\nc\n\n</details>',
        ),
        (Heading("Set *up*", "setup"), '<a id="setup"></a>\n\n## Set *up*'),
        (Heading("Below", "below", 3), '<a id="below"></a>\n\n### Below'),
    ],
)
def test_items(item, expected):
    assert one(item) == expected


def test_a_document_lists_its_sections():
    text = markdown.document("T", [Paragraph("about")], {"setup": "Set up"}, [Paragraph("body")])
    assert text == "# T\n\nabout\n\n- [Set up](#setup)\n\nbody\n"


def test_what_is_folded_away_stands_on_a_page_of_its_own_and_links_cross():
    inner = (Heading("Deep", "deep", 3), Paragraph("see [set up](#setup) and [deep](#deep)"), Folded("In", ()))
    table = Table(("a",), (("[b](#other)",),), "l")
    body = [Heading("Set up", "setup"), table, Folded("More *x*", inner), Folded("Other", (), "other")]
    text = markdown.document("T", [Paragraph("[deep](#deep), [set up](#setup)")], {}, body)
    assert "[deep](details.md#deep), [set up](#setup)" in text
    # a table links to the other fold already
    assert "- [More *x*](details.md#more-x)\n" in text
    assert "[b](details.md#other)" in text
    assert "[Other]" not in text
    details = markdown.details("T", body)
    assert '<a id="more-x"></a>\n\n## More *x*' in details
    assert "see [set up](report.md#setup) and [deep](#deep)" in details
    assert '<details id="in">' in details


def test_a_bold_row_does_not_nest_its_marks():
    table = Table(("a",), (("**x** y",),), "l", "", frozenset({0}))
    assert one(table).splitlines()[-1] == "| **x y** |"
    assert not re.search(r"\*{3,}", one(table))


@pytest.mark.parametrize("text", ["SGD*", "a_b", "_x_", "$5", "`c`", "[x](#y)", "back\\slash", "a|b", "<i>", "~~z~~"])
def test_plain_text_comes_back_from_what_shows_it(text):
    assert markdown.plain(literal(text)) == text


def test_plain_text_has_no_marks():
    assert markdown.plain("[**The** answer](#answer) in `code` and $x$") == "The answer in code and x"
