import pytest

from pipeline.reporting.items import Table
from pipeline.reporting.sections import training
from tests.reporting.conftest import with_measured


@pytest.mark.parametrize(
    ("absent", "left"), [((), 2), (("train_loss",), 1), (("train_loss", "validation_accuracy"), 0)]
)
def test_only_targets_that_were_set_have_a_column(results, absent, left):
    changed = {
        name: {"convergence": found.convergence.model_copy(update=dict.fromkeys(absent))}
        for name, found in results.measured("cifar10").items()
    }
    items = training.build(with_measured(results, "cifar10", **changed))
    headers = [item.header for item in items if isinstance(item, Table)]
    assert [sum("steps to" in cell for cell in header) for header in headers] == ([left] if left else [])


def test_a_target_that_some_seeds_missed_says_so(results):
    table = next(item for item in training.build(results) if isinstance(item, Table))
    rows = {row[0]: row for row in table.rows}
    assert rows["SGD"][1] == "802 (not by 1)"
    assert rows["Adam"][1:3] == ("801", "601")


def test_a_target_that_most_seeds_missed_has_no_median(results):
    convergence = results.measured("cifar10")["adam"].convergence
    missed = convergence.train_loss.model_copy(update={"steps": (None, 800, None)})
    changed = {"convergence": convergence.model_copy(update={"train_loss": missed})}
    items = training.build(with_measured(results, "cifar10", adam=changed))
    table = next(item for item in items if isinstance(item, Table))
    assert {row[0]: row[1] for row in table.rows}["Adam"] == "not reached by 2 of 3 seeds"
