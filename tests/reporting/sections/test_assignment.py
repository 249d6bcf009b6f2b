import re
from dataclasses import replace

import pytest

from pipeline.reporting import assignment as theirs
from pipeline.reporting import report
from pipeline.reporting.items import Bullets, Picture, Table
from pipeline.reporting.numbers_in_words import interval, number
from pipeline.reporting.sections import assignment
from tests.reporting.conftest import flat, over_seeds, with_measured, with_rows, with_rules


def tables(items):
    return [item for item in flat(items) if isinstance(item, Table)]


@pytest.fixture(scope="module")
def repeated(results):
    """A study with the assignment's own training, its classes at half of those of CIFAR-10."""
    problems = results.settings.problems
    own = problems["cifar10"].model_copy(
        update={"data": "cifar10", "untuned": True, "optimizers": ("adam",), "batch_size": 4, "schedule": "constant"}
    )
    settings = results.settings.model_copy(update={"problems": {**problems, "assignment": own}})
    facts = results.problems.problems
    named = facts["cifar10"].model_copy(update={"title": "As in the assignment"})
    adam = results.measured("cifar10")["adam"].model_copy(update={"test_accuracy": over_seeds([0.5, 0.52, 0.54])})
    table = results.per_class
    classes = table[(table["problem"] == "cifar10") & (table["optimizer"] == "adam")].assign(problem="assignment")
    classes[["accuracy", "low", "high"]] /= 2
    return replace(
        results,
        settings=settings,
        problems=results.problems.model_copy(update={"problems": {**facts, "assignment": named}}),
        metrics=results.metrics.model_copy(
            update={"problems": {**results.metrics.problems, "assignment": {"adam": adam}}}
        ),
        per_class=type(table)([*table.to_dict("records"), *classes.to_dict("records")]),
    )


def test_the_assignments_own_training_comes_first_and_the_tuned_one_last(repeated):
    assert theirs.trainings(repeated) == {"assignment": "adam", "cifar10": "adam"}
    overall, classes = tables(assignment.build(repeated))
    assert [row[0] for row in overall.rows] == ["the assignment", "As in the assignment", "CIFAR-10"]
    assert overall.rows[0][6] == "47.0"
    cells = dict(zip(overall.header, overall.rows[1], strict=True))
    assert (cells["batch"], cells["epochs"], cells["schedule"], cells["seeds"]) == ("4", "2", "constant", "3")
    assert cells["learning rate"].endswith("(default)")
    assert cells["test accuracy (%)"] == "52.0"
    assert cells["more than the assignment (points)"] == "5.0"
    ours = repeated.measured("cifar10")["adam"].test_accuracy
    assert overall.rows[2][6:8] == (number(ours.mean), interval(ours))
    assert overall.rows[2][3].endswith("(tuned)")
    assert classes.header == ("class", "assignment (%)", "As in the assignment (%)", "CIFAR-10 (%)")
    bird = repeated.measured("cifar10")["adam"].per_class["bird"]
    assert classes.rows[2][:2] == ("bird", "16.7")
    assert classes.rows[2][2].startswith(f"{number(bird / 2)} (")
    assert classes.rows[2][3].startswith(f"{number(bird)} (")
    assert "47.2" in classes.caption


def test_what_is_assumed_and_what_is_not_known_is_said(repeated):
    conditions = next(item for item in assignment.build(repeated) if isinstance(item, Bullets)).entries
    assert "kernel size 2, Adam, cross-entropy" in conditions[0]
    assert any("Assumed: the layer widths" in entry for entry in conditions)
    assert any("Not said in the assignment: the batch size" in entry for entry in conditions)


def test_the_picture_names_every_number(repeated):
    picture = next(item for item in assignment.build(repeated) if isinstance(item, Picture))
    assert "bird 16.7 in the assignment" in picture.alt
    assert "on As in the assignment" in picture.alt


def test_without_its_own_training_the_tuned_one_stands_alone(results):
    overall, classes = tables(assignment.build(results))
    assert [row[0] for row in overall.rows] == ["the assignment", "CIFAR-10"]
    assert len(classes.rows) == 10


def test_the_accuracy_of_the_setting_stands_everywhere(results, tmp_path):
    report.write(with_rules(results, assignment_accuracy=0.55), tmp_path)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert re.findall(r"The assignment reports ([0-9.]+) %", text) == ["55.0"]
    (row,) = re.findall(r"^\| \*\*the assignment.*$", text, re.MULTILINE)
    assert "| **55.0** |" in row


def test_without_adam_there_is_no_section(results, one_problem):
    assert assignment.build(with_rows(results, adam={"class_name": "AdamW"})) == []
    assert assignment.build(one_problem) == []


def test_a_training_without_a_mean_says_no_difference(results):
    lost = {"test_accuracy": results.measured("cifar10")["sgd"].test_loss}
    overall, _ = tables(assignment.build(with_measured(results, "cifar10", adam=lost)))
    assert overall.rows[1][6:] == ("diverged", "–", "–")
