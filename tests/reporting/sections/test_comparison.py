from dataclasses import replace

from pipeline.reporting.items import Folded, Heading, Table
from pipeline.reporting.sections import answer, comparison
from pipeline.results.comparison import Comparison
from tests.reporting.conftest import judged_by_loss, with_rows, with_rules

SPACE = "\N{NO-BREAK SPACE}"


def tables(items):
    for item in items:
        if isinstance(item, Folded):
            yield from tables(item.items)
        if isinstance(item, Table):
            yield item


def test_every_optimizer_has_a_row_on_every_problem_and_one_that_was_not_compared_its_reason(results):
    found = list(tables(comparison.build(results)))
    # of each problem its result, and the other measures
    assert [len(table.rows) for table in found] == [2, 2, 2, 2]
    rows = {row[0]: row for row in found[0].rows}
    assert rows["SGD"][1:] == ("–", "–", "–", "not tested: made-up reason")
    assert rows["Muon"][1:] == (f"+1.00{SPACE}points", "+0.50 to +1.50", "0.25", "better")
    assert found[0].header == ("optimizer", "minus Adam", "95 % interval", "p", "conclusion")


def test_other_measures_have_a_column_each_with_the_target_in_its_name(results):
    table = list(tables(comparison.build(results)))[1]
    assert table.header == (
        "optimizer",
        "final training loss",
        "images to a training loss of 1.7",
        "seconds to a training loss of 1.7",
    )
    rows = {row[0]: row for row in table.rows}
    assert rows["Muon"][3] == f"1.00{SPACE}times (0.50 to 1.50), better"
    assert rows["SGD"][1:] == ("–", "–", "–")


def test_of_several_targets_the_hardest_that_was_compared_is_shown(results):
    found = results.comparison.model_dump()
    own = found["problems"]["cifar10"]["against_baseline"]
    own["seconds_to_train_loss_3"] = {"sgd": own["seconds_to_train_loss_1"]["sgd"]}
    own["seconds_to_train_loss_2"] = own["seconds_to_train_loss_1"]
    changed = replace(results, comparison=Comparison.model_validate(found))
    name = comparison.hardest(changed, "cifar10", "seconds_to_train_loss")
    assert name == "seconds_to_train_loss_2"
    assert comparison.target(changed, "cifar10", name) == 1.5
    assert comparison.hardest(changed, "cifar10", "images_to_validation_accuracy") is None


def test_the_interval_of_a_difference_is_the_same_in_the_answer(results):
    found = results.comparison.model_dump()
    ranking = found["problems"]["cifar10"]["ranking"]["placed"]
    found["problems"]["cifar10"]["ranking"]["placed"] = {name: ranking[name] for name in ("muon", "adam")}
    changed = replace(results, comparison=Comparison.model_validate(found))
    interval = next(iter(tables(comparison.build(changed)))).rows[0][2]
    assert f"interval {interval}" in answer.sentences(changed)[0]


def test_the_baseline_and_the_margins_are_those_of_the_comparison(results):
    items = comparison.build(with_rules(results, baseline="muon"))
    assert items[0] == Heading("Every optimizer against Muon", "comparison")
    assert "the margin (±1 points)" in items[1].items[0].text
    assert "Adam" not in items[1].items[0].text
    assert {row[0] for row in next(tables(items)).rows} == {"SGD", "Adam"}
    mixed = comparison.build(judged_by_loss(results, "digits"))[1].items[0].text
    assert "±1 points on CIFAR-10; ±1 nats on Handwritten digits" in mixed


def test_a_problem_with_nobody_to_compare_is_left_out(results):
    found = results.comparison.model_dump()
    found["problems"]["digits"]["against_baseline"] = {}
    changed = replace(results, comparison=Comparison.model_validate(found))
    assert not any(getattr(item, "title", "") == "Handwritten digits" for item in comparison.build(changed))


def test_labels_are_shown_as_they_are(results):
    items = comparison.build(with_rows(results, adam={"label": "a*b*"}))
    assert items[0].text == "Every optimizer against a\\*b\\*"
