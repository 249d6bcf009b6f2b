from pipeline.reporting.items import Folded, Heading, Table
from pipeline.reporting.sections import comparison
from tests.reporting.conftest import with_rows, with_rules


def tables(items):
    for item in items:
        if isinstance(item, Folded):
            yield from tables(item.items)
        if isinstance(item, Table):
            yield item


def test_every_optimizer_has_a_row_on_every_problem_and_a_diverged_one_its_reason(results):
    found = list(tables(comparison.build(results)))
    assert [len(table.rows) for table in found] == [2, 2, 4]
    rows = {row[0]: row for row in found[0].rows}
    assert rows["SGD"][1:] == ("–", "–", "–", "not tested: it diverged in 1 seed")
    assert rows["Muon"][1:] == ("+1.00\N{NO-BREAK SPACE}points", "+0.50 to +1.50", "0.25", "better")


def test_ranks_have_a_column_per_problem_and_the_critical_difference_last(results):
    ranks = list(tables(comparison.build(results)))[-1]
    # the ranking over all problems has no ranks, so it has no column
    assert ranks.header == ("optimizer", "CIFAR-10", "Handwritten digits")
    assert ranks.rows == (
        ("Muon", "1.00", "1.00"),
        ("Adam", "2.00", "2.00"),
        ("SGD", "3.00", "3.00"),
        ("*critical difference*", "2.34", "2.34"),
    )


def test_the_baseline_and_the_margin_are_those_of_the_comparison(results):
    changed = with_rules(results, baseline="muon", margins={"accuracy": 0.0123})
    items = comparison.build(changed)
    assert items[0] == Heading("Every optimizer against Muon", "comparison")
    assert "±1.23 points" in items[1].text
    assert "Adam" not in items[1].text
    assert {row[0] for row in next(tables(items)).rows} == {"SGD", "Adam"}


def test_labels_are_shown_as_they_are(results):
    items = comparison.build(with_rows(results, adam={"label": "a*b*"}))
    assert items[0].text == "Every optimizer against a\\*b\\*"
