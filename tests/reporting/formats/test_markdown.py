import re

import pytest

from pipeline.reporting.formats import markdown
from pipeline.reporting.items import Bullets, Folded, Formula, Heading, Paragraph, Picture, Table


def one(item):
    return markdown.render([item], "T").removeprefix("# T\n\n").removesuffix("\n")


def test_a_table_keeps_its_shape_whatever_its_cells_hold():
    table = Table(("a|b", "c"), (("`x|y`", "$|z|$"), ("", "two\nlines")), "lr", "Words", frozenset({1}))
    lines = one(table).splitlines()
    assert lines == [
        "Words",
        "",
        r"| a\|b | c |",
        "| :-- | --: |",
        r"| `x\|y` | $\vert{}z\vert{}$ |",
        "|  | **two lines** |",
    ]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (Paragraph("a <b> & *c* `<d>` $e<f$"), "a &lt;b> &amp; *c* `<d>` $e<f$"),
        (Bullets(("x", "y")), "- x\n- y"),
        (Formula("x^2"), "$$\nx^2\n$$"),
        (Picture("p", "<svg/>", "a [b]", "c"), "![a \\[b\\]](figures/p.svg)\n\nc"),
        (
            Folded("A & **b**", (Paragraph("c"),)),
            "<details>\n<summary>A &amp; b</summary>\n\nc\n\n</details>",
        ),
    ],
)
def test_items(item, expected):
    assert one(item) == expected


def test_headings_can_be_linked_to():
    text = markdown.render([Heading("Set *up*", "setup"), Heading("Below", "below", 3)], "T")
    assert "- [Set up](#setup)" in text
    assert '<a id="setup"></a>\n\n## Set *up*' in text
    assert "### Below" in text
    assert "(#below)" not in text


def test_a_bold_row_does_not_nest_its_marks():
    table = Table(("a",), (("**x** y",),), "l", "", frozenset({0}))
    assert one(table).splitlines()[-1] == "| **x y** |"
    assert not re.search(r"\*{3,}", one(table))
