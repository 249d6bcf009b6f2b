import pytest
from hypothesis import given, settings

from pipeline.backprop import by_hand, by_machine
from pipeline.backprop.settings import BackpropSettings
from pipeline.project.errors import SettingsError
from tests.backprop.examples import changed, networks


@given(networks())
@settings(max_examples=15, deadline=None)
def test_autograd_and_finite_differences_agree_with_the_calculation_by_hand(network):
    values = {step.symbol: step.value for step in by_hand.steps(network)}
    gradients = [values[f"dJ/d{weight}"] for weight in network.weights()]
    largest = max(map(abs, gradients))
    assert by_machine.autograd(network) == pytest.approx(gradients, rel=0, abs=1e-12 * largest)
    assert by_machine.finite_differences(network) == pytest.approx(gradients, rel=0, abs=1e-6 * largest)


@given(networks())
@settings(max_examples=5, deadline=None)
def test_descent_is_the_step_by_hand_again_and_again(network):
    costs, worked = [], network
    for _ in range(network.steps + 1):
        values = {step.symbol: step.value for step in by_hand.steps(worked)}
        costs.append(values["J"])
        new = [values[f"{weight}'"] for weight in network.weights()]
        width, hidden = len(network.inputs), len(network.hidden_weights)
        rows = [new[unit * width : (unit + 1) * width] for unit in range(hidden)]
        moved = {"hidden_weights": rows, "output_weights": new[-hidden:]}
        worked = BackpropSettings.model_validate(network.model_dump() | moved)
    curve = by_machine.descent(network, "gradient descent", network.learning_rate)
    assert curve.costs == pytest.approx(costs, rel=1e-12)


def test_the_first_step_of_adam_moves_every_weight_by_its_learning_rate():
    network = changed(inputs=(1,), hidden_weights=((1,),), output_weights=(1,), target=0, steps=1)
    moved = changed(inputs=(1,), hidden_weights=((0.9,),), output_weights=(0.9,), target=0)
    cost = next(step.value for step in by_hand.steps(moved) if step.symbol == "J")
    assert by_machine.descent(network, "Adam", 0.1).costs[1] == pytest.approx(cost, rel=1e-6)


def test_weights_that_overflow_on_the_way_are_one_clear_error():
    network = changed(inputs=(1e154, 0), hidden_weights=((1e-154, 0),), output_weights=(1,), learning_rate=1000)
    with pytest.raises(SettingsError, match="overflows at step"):
        by_machine.descent(network, "gradient descent", 1e3)
