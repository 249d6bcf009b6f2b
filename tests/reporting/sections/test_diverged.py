from dataclasses import replace

from pipeline.reporting.items import Paragraph, Table
from pipeline.reporting.sections import diverged
from tests.reporting.conftest import with_measured


def test_diverged_trainings_have_a_section(results):
    items = diverged.build(results)
    (table,) = (item for item in items if isinstance(item, Table))
    assert [row[:4] for row in table.rows] == [
        ("CIFAR-10", "SGD", "1 of 3 (51)", "1 of 12"),
        ("Handwritten digits", "SGD", "1 of 3 (51)", "1 of 12"),
    ]
    assert table.rows[0][-1] == "17"
    (text,) = (item.text for item in items if isinstance(item, Paragraph))
    assert "counts as the worst value" in text


def test_without_a_diverged_training_there_is_no_section(one_problem):
    trials = one_problem.searches.assign(diverged_at=float("nan"))
    sound = with_measured(one_problem, "digits", sgd={"diverged": ()})
    assert diverged.build(with_searches(sound, trials)) == []


def test_a_problem_without_a_search_has_a_dash_for_its_trials(one_problem):
    items = diverged.build(with_searches(one_problem, one_problem.searches.iloc[:0]))
    (table,) = (item for item in items if isinstance(item, Table))
    assert table.rows == (("Handwritten digits", "SGD", "1 of 3 (51)", "–", "–", "–"),)


def with_searches(results, searches):
    return replace(results, searches=searches)
