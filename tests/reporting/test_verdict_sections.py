"""The sections on verdicts and on the comparison, from made-up results judged by the real claims."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from pipeline.comparison import claims, compare
from pipeline.comparison.evidence import Evidence
from pipeline.reporting.formats import html, markdown
from pipeline.reporting.items import Bullets, Folded, Heading, Paragraph, Table
from pipeline.reporting.sections import comparison as comparison_section
from pipeline.reporting.sections import verdicts as verdicts_section
from pipeline.reporting.verdict_numbers import effect, effect_with_interval, p_value
from tests.comparison.claims.made_up_study import SETTINGS


@pytest.fixture(scope="module")
def judged(results):
    """The made-up results of three optimizers, one of which diverged, with comparison and verdicts."""
    metrics = {
        problem: {
            name: {key: value for key, value in entry.items() if key != "convergence"}
            for name, entry in entries.items()
        }
        for problem, entries in results.metrics.items()
    }
    found = compare.compare(SETTINGS, metrics, results.learning_rates)
    labels = {name: row.label for name, row in results.settings.optimizers.items()}
    verdicts = claims.judge_all(Evidence(SETTINGS, metrics, found, None, labels)).model_dump(mode="json")["claims"]
    return replace(results, comparison=json.loads(json.dumps(found)), verdicts=json.loads(json.dumps(verdicts)))


def flat(items):
    for item in items:
        yield item
        if isinstance(item, Folded):
            yield from flat(item.items)


def test_every_claim_has_a_row_that_links_to_its_evidence(judged):
    items = verdicts_section.build(judged)
    table = next(item for item in items if isinstance(item, Table))
    assert len(table.rows) == len(claims.names())
    anchors = [item.anchor for item in items if isinstance(item, Heading)]
    assert len(set(anchors)) == len(anchors)
    for row, name in zip(table.rows, claims.names(), strict=True):
        assert re.search(r"\(#(.*)\)", row[0]).group(1) == f"claim-{name}"
        assert f"claim-{name}" in anchors
        assert row[1] == f"**{judged.verdicts[name]['verdict']}**"


def test_a_claim_shows_quote_verdict_numbers_rule_and_what_would_change_it(judged):
    items = list(verdicts_section.build(judged))
    place = next(n for n, item in enumerate(items) if getattr(item, "anchor", "") == "claim-adam_always_best")
    paragraph, bullets = items[place + 1 : place + 3]
    verdict = judged.verdicts["adam_always_best"]
    assert isinstance(paragraph, Paragraph)
    assert verdict["quote"] in paragraph.text
    assert verdict["sentence"] in paragraph.text
    assert isinstance(bullets, Bullets)
    starts = [entry.split("**")[1] for entry in bullets.entries]
    assert starts == ["Effect.", "p.", "Rule, fixed beforehand.", "Problems.", "What would change it."]
    assert "sign-flip test of 3 seeds" in bullets.entries[1]
    assert "CIFAR-10" in bullets.entries[3]


def test_a_claim_that_was_not_tested_shows_no_numbers(judged):
    items = list(verdicts_section.build(judged))
    place = next(n for n, item in enumerate(items) if getattr(item, "anchor", "") == "claim-few_epochs")
    assert "Not tested" in items[place + 1].text
    assert len(items[place + 2].entries) == 2


def test_every_optimizer_has_a_row_on_every_problem_and_a_diverged_one_its_reason(judged):
    items = list(flat(comparison_section.build(judged)))
    tables = [item for item in items if isinstance(item, Table)]
    others = len(judged.settings.optimizers) - 1
    assert [len(table.rows) for table in tables] == [others, others, others + 2]
    rows = {row[0]: row for row in tables[0].rows}
    assert rows["SGD"][1:4] == ("–", "–", "–")
    assert rows["SGD"][4].startswith("not tested: sgd diverged in 1 seed")
    assert "points" in rows["Muon"][1]


def test_ranks_have_a_column_a_problem_and_the_critical_difference_last(judged):
    ranks = [item for item in comparison_section.build(judged) if isinstance(item, Table)][-1]
    assert ranks.header[-1] == "all problems"
    assert ranks.rows[-1][0] == "*critical difference*"
    found = judged.comparison["problems"]["digits"]["ranking"]
    column = 1 + list(judged.comparison["problems"]).index("digits")
    assert ranks.rows[-1][column] == f"{found['critical_difference']:.2f}"
    assert {row[0]: row[column] for row in ranks.rows[:-1]} == {
        judged.label(name): f"{rank:.2f}" for name, rank in found["ranks"].items()
    }


def test_both_sections_render_in_both_formats(judged):
    items = [*verdicts_section.build(judged), *comparison_section.build(judged)]
    assert 'id="claim-adam_always_best"' in html.render(items, "Title", "Subtitle")
    assert '<a id="claim-adam_always_best"></a>' in markdown.render(items, "Title", "Subtitle")


def test_without_results_there_is_no_section(results):
    assert verdicts_section.build(replace(results, verdicts=None)) == []
    assert comparison_section.build(replace(results, comparison=None)) == []


def test_numbers_for_people():
    record = {"effect": -1.234, "low": -2.0, "high": 0.5, "unit": "percentage points"}
    assert effect(record) == "−1.23\N{NO-BREAK SPACE}points"
    assert effect_with_interval(record).endswith("points (−2.00 to +0.50)")
    assert effect({"effect": 0.845, "unit": "times"}) == "0.84\N{NO-BREAK SPACE}times"
    assert effect({"effect": None, "unit": None}) == "–"
    assert effect_with_interval({**record, "low": None}) == effect(record)
    assert [p_value(p) for p in (None, 0.001953, 0.00001, 1.0)] == ["–", "0.002", "<\N{NO-BREAK SPACE}0.0001", "1"]
