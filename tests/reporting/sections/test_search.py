from dataclasses import replace

import pytest

from pipeline.reporting.items import Folded, Paragraph, Picture, Table
from pipeline.reporting.sections import search
from tests.reporting.conftest import PARAMS, flat, judged_by_loss, with_measured, with_rules


def tables(items):
    for item in items:
        if isinstance(item, Folded):
            yield from tables(item.items)
        if isinstance(item, Table):
            yield item


def text_of(items):
    return " ".join(item.text for item in flat(items) if isinstance(item, Paragraph))


def with_problem(results, problem, **changed):
    problems = results.settings.problems
    rows = {**problems, problem: problems[problem].model_copy(update=changed)}
    return replace(results, settings=results.settings.model_copy(update={"problems": rows}))


def test_the_budget_is_that_of_the_settings(results):
    text = text_of(search.build(results))
    assert "the same budget on every problem: 12 settings" in text
    assert "with seed 50" in text
    assert "The best 2 settings survived" in text
    assert "4 more settings went one decade further, once: for no optimizer." in text


def test_widened_ranges_and_borders_are_named(results):
    found = results.measured("cifar10")
    changed = {
        name: {"search": found[name].search.model_copy(update=update)}
        for name, update in (("adam", {"widened": "high"}), ("muon", {"widened": "low", "on_edge": True}))
    }
    text = text_of(search.of(with_measured(results, "cifar10", **changed), "cifar10"))
    assert "once: Adam (to higher rates) and Muon (to lower rates)." in text
    assert "**Still at the border: Muon.**" in text


def test_the_table_has_what_the_search_found(results):
    table = search.table(results, "cifar10")
    rows = {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    summary = results.comparison.problems["cifar10"].searches["adam"]
    assert rows["Adam"]["settings"] == "12"
    assert rows["Adam"]["at the default"] == f"{100 * summary.default:.1f}"
    assert rows["Adam"]["good settings (%)"] == "25.0"
    assert (rows["SGD"]["stopped early"], rows["SGD"]["diverged"]) == ("1", "1")


def test_an_absent_number_is_a_dash(results):
    compared = results.comparison.problems["cifar10"]
    searches = {**compared.searches, "sgd": compared.searches["sgd"].model_copy(update={"default": None})}
    del searches["muon"]
    problems = {**results.comparison.problems, "cifar10": compared.model_copy(update={"searches": searches})}
    changed = replace(results, comparison=results.comparison.model_copy(update={"problems": problems}))
    table = search.table(changed, "cifar10")
    rows = {row[0]: row for row in table.rows}
    place = table.header.index("at the default")
    assert (rows["SGD"][place], rows["Muon"][place]) == ("–", "–")
    assert any("SGD has none" in item.alt for item in flat(search.of(changed, "cifar10")) if isinstance(item, Picture))


def test_survivors_are_shown_with_their_values_and_who_picked_them(results):
    *_, survivors = tables(search.of(results, "cifar10"))
    rows = [row for row in survivors.rows if row[0] == "Adam"]
    assert [row[1] for row in rows] == ["1", "2", "3"]
    assert [row[4] for row in rows] == ["2 of 3", "1 of 3", "0 of 3"]
    values = results.measured("cifar10")["adam"].search.survivors[0].arguments
    assert rows[0][3].replace("\N{NO-BREAK SPACE}", " ") == f"beta1 {values['beta1']:.3g}, eps {values['eps']:.3g}"
    assert next(row for row in survivors.rows if row[0] == "SGD")[3] == "–"


@pytest.mark.parametrize(("margin", "words"), [(0.02, "2.0 points"), (0.05, "5.0 points")])
def test_the_margin_of_good_settings_is_the_setting(results, margin, words):
    margins = {**PARAMS["comparison"]["margins"], "search": margin}
    items = flat(search.build(with_rules(results, margins=margins)))
    captions = [item.caption for item in items if isinstance(item, Picture)]
    assert f"came within {words} of" in captions[-1].replace("\N{NO-BREAK SPACE}", " ")


def test_a_problem_that_is_judged_by_its_loss_has_no_accuracy_here(results):
    items = list(flat(search.of(judged_by_loss(results, "digits"), "digits")))
    shown = " ".join([*(item.caption + item.alt for item in items if isinstance(item, Picture)), text_of(items)])
    assert "validation loss" in shown.lower()
    assert "accuracy" not in shown
    assert "0.100\N{NO-BREAK SPACE}nats" in shown


def test_a_problem_without_a_search_of_its_own_says_where_its_settings_come_from(results):
    later = search.of(with_problem(results, "digits", tuned_on="cifar10"), "digits")
    assert text_of(later) == "No search here: the settings that survived on CIFAR-10 are trained."
    assert [type(item) for item in later] == [Paragraph, Table]
    (untuned,) = search.of(with_problem(results, "digits", untuned=True), "digits")
    assert "default learning rate" in untuned.text
