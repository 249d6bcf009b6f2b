import re
from dataclasses import replace

import pytest

from pipeline.reporting import report
from pipeline.reporting.items import Bullets, Table
from pipeline.reporting.numbers_in_words import number
from pipeline.reporting.sections import assignment
from tests.reporting.conftest import with_rows, with_rules


def test_the_assignment_is_beside_ours(results):
    items = assignment.build(results)
    table = next(item for item in items if isinstance(item, Table))
    ours = results.measured("cifar10")["adam"]
    assert table.rows[0][:3] == ("all", "47.0", number(ours.test_accuracy.mean))
    assert table.rows[3][:3] == ("bird", "16.7", number(ours.per_class["bird"]))
    conditions = next(item for item in items if isinstance(item, Bullets)).entries
    assert "kernel size 2, Adam, cross-entropy, 2 epochs" in conditions[0]
    assert any("Assumed: the layer widths" in entry for entry in conditions)


def test_the_accuracy_of_the_setting_stands_everywhere(results, tmp_path):
    report.write(with_rules(results, assignment_accuracy=0.55), tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert re.findall(r"The assignment reports ([0-9.]+) %", text) == ["55.0"]
    assert "| **all** | **55.0** |" in text
    assert "47.0" not in text


def test_it_is_about_adam_whatever_the_baseline_and_its_row_are_called(results):
    changed = with_rules(with_rows(results, adam={"label": "Kingma's"}), baseline="sgd")
    assert "this study's Kingma's reaches" in str(assignment.build(changed))


@pytest.mark.parametrize("change", [{"class_name": "AdamW"}, {"arguments": {"amsgrad": True}}])
def test_without_plain_adam_there_is_no_section(results, one_problem, change):
    assert assignment.build(with_rows(results, adam=change)) == []
    assert assignment.build(one_problem) == []


def test_a_study_without_a_mean_says_no_difference(results):
    lost = results.measured("cifar10")["sgd"].model_copy(
        update={"test_accuracy": results.measured("cifar10")["sgd"].test_loss}
    )
    metrics = {**results.metrics.problems, "cifar10": {**results.measured("cifar10"), "adam": lost}}
    items = assignment.build(replace(results, metrics=results.metrics.model_copy(update={"problems": metrics})))
    assert next(item for item in items if isinstance(item, Table)).rows[0][2:] == ("diverged", "–", "–")
