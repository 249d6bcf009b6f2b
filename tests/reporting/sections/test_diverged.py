from dataclasses import replace

from pipeline.reporting.items import Table
from pipeline.reporting.sections import diverged
from tests.reporting.conftest import with_measured


def test_diverged_trainings_have_a_section(results):
    table = next(item for item in diverged.build(results) if isinstance(item, Table))
    assert [row[:3] for row in table.rows] == [
        ("CIFAR-10", "SGD", "1 of 3"),
        ("Handwritten digits", "SGD", "1 of 3"),
    ]
    assert table.rows[0][-1] == "17"


def test_without_a_diverged_training_there_is_no_section(one_problem):
    trials = one_problem.learning_rates.assign(diverged_at=float("nan"))
    sound = with_measured(one_problem, "digits", sgd={"diverged": 0})
    assert diverged.build(replace(sound, learning_rates=trials)) == []
