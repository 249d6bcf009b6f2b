import re
from dataclasses import replace

import pytest

from pipeline.reporting.items import Bullets, Heading, Paragraph, Table
from pipeline.reporting.sections import verdicts as section
from pipeline.results.verdicts import Verdicts
from tests.reporting.conftest import DECIDED

OPEN = DECIDED.model_copy(
    update=dict.fromkeys(("effect", "unit", "low", "high", "p", "p_over_all_claims"))
    | {"verdict": "not tested", "problems": (), "test": "", "title": "Other"}
)


@pytest.fixture
def judged(results):
    return replace(results, verdicts=Verdicts(claims={"first_one": DECIDED, "second_one": OPEN}))


def after(items, claim):
    place = next(n for n, item in enumerate(items) if getattr(item, "anchor", "") == f"claim-{claim}")
    return items[place + 1 : place + 3]


def test_every_claim_has_a_row_that_links_to_its_evidence(judged):
    items = section.build(judged)
    table = next(item for item in items if isinstance(item, Table))
    anchors = [item.anchor for item in items if isinstance(item, Heading)]
    assert anchors == ["verdicts", "claim-first_one", "claim-second_one"]
    assert [re.search(r"\(#(.*)\)", row[0]).group(1) for row in table.rows] == anchors[1:]
    assert [row[1:] for row in table.rows] == [
        ("**refuted**", "−1.23\N{NO-BREAK SPACE}points", "0.012"),
        ("**not tested**", "–", "–"),
    ]


def test_a_claim_shows_quote_verdict_numbers_rule_and_what_would_change_it(judged):
    paragraph, bullets = after(section.build(judged), "first_one")
    assert paragraph == Paragraph("“It is, they say” **Refuted.** It is not: made up \\*.")
    assert isinstance(bullets, Bullets)
    assert [entry.replace("\N{NO-BREAK SPACE}", " ") for entry in bullets.entries] == [
        "**Effect.** −1.23 points (−2.00 to −0.50)",
        "**p.** 0.012 (sign-flip test of 3 seeds); over all claims together 0.04",
        "**Rule, fixed beforehand.** The rule in `params.yaml`.",
        "**Problems.** CIFAR-10; Handwritten digits",
        "**What would change it.** More seeds.",
    ]


def test_a_claim_that_was_not_tested_shows_no_numbers(judged):
    paragraph, bullets = after(section.build(judged), "second_one")
    assert "**Not tested.**" in paragraph.text
    assert len(bullets.entries) == 2


def test_without_claims_there_is_no_section(results):
    assert section.build(results) == []
