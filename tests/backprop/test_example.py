import pytest

from pipeline.backprop.example import worked_example
from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings
from pipeline.results.backprop import WorkedExample
from tests.backprop.examples import changed, of_size
from tests.conftest import ROOT


def test_the_committed_result_is_the_one_of_the_assignment():
    committed, found = WorkedExample.read(ROOT / WorkedExample.PATH), worked_example(ASSIGNMENT)
    assert [step.numbers for step in found.steps] == [step.numbers for step in committed.steps]
    for part, value in (("steps", "value"), ("gradients", "by_hand"), ("gradients", "autograd")):
        old, new = ({line.symbol: getattr(line, value) for line in getattr(x, part)} for x in (committed, found))
        assert new == pytest.approx(old, rel=1e-11)
    for old, new in zip(committed.curves, found.curves, strict=True):
        # near 1e-32 a cost is nothing but rounding
        assert new.costs == pytest.approx(old.costs, rel=1e-10, abs=1e-20)


def test_the_same_settings_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        worked_example(ASSIGNMENT).write(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert WorkedExample.read(tmp_path / "a") == worked_example(ASSIGNMENT)


def test_the_three_ways_agree_on_the_assignment():
    for row in worked_example(ASSIGNMENT).gradients:
        assert row.autograd == pytest.approx(row.by_hand, rel=1e-12)
        assert row.finite_differences == pytest.approx(row.by_hand, rel=1e-6)
        assert row.autograd_difference < 1e-12
        assert row.finite_differences_difference < 1e-6


def test_curves_cover_all_steps_and_none_comes_twice():
    curves = worked_example(changed(steps=7)).curves
    rules = [("gradient descent", 0.5), ("Adam", 0.5), ("Adam", 0.001)]
    assert [(curve.rule, curve.learning_rate) for curve in curves] == rules
    assert {len(curve.costs) for curve in curves} == {8}
    assert len(worked_example(changed(steps=1, adam_learning_rate=0.5)).curves) == 2


def test_what_is_legible_but_does_not_follow_is_contradicted():
    values = ASSIGNMENT.model_dump() | {"hidden_weights": ((0.6, 0.7), (0.3, 0.4)), "steps": 1}
    assert worked_example(BackpropSettings.model_validate(values)).contradicted == {"h1": 1.9}
    assert worked_example(ASSIGNMENT).contradicted == {}


def test_gradients_of_zero_have_differences_too():
    example = worked_example(changed(inputs=(0, 0), target=0.5, steps=1))
    assert {row.by_hand for row in example.gradients} == {0}
    assert all(row.autograd_difference == 0 for row in example.gradients)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (1, 8), (8, 1)])
def test_networks_of_all_sizes_have_a_line_for_every_weight(size):
    inputs, hidden = size
    assert len(worked_example(of_size(inputs, hidden)).gradients) == inputs * hidden + hidden
