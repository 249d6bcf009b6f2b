import itertools
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.backprop import example
from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings
from pipeline.project.errors import SettingsError

SMALL = settings(max_examples=30, deadline=None)


def changed(**values):
    """Return the assignment's settings with some values changed; origins that no longer hold are dropped."""
    plain = ASSIGNMENT.model_dump(exclude={"legible", "reconstructed", "assumed"})
    return BackpropSettings.model_validate(plain | values)


@st.composite
def networks(draw):
    """Yield ``(weights, inputs, target)`` of one to four layers with one to four units each.

    Weights shrink with the number of units before them, so that no sigmoid saturates, and targets are 0 or 1,
    so that no error vanishes: there, differences of J hold no digits that could be compared.
    """
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = [numbers.uniform(-1.5, 1.5, size=(after, before)) / before for before, after in itertools.pairwise(sizes)]
    return weights, numbers.uniform(-2, 2, sizes[0]), numbers.integers(0, 2, sizes[-1]).astype(np.float64)


@st.composite
def examples(draw):
    """Yield settings of networks with one hidden layer of any allowed size."""
    number = st.floats(-2, 2).map(lambda value: round(value, 3))
    inputs, hidden = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return changed(
        inputs=draw(st.lists(number, min_size=inputs, max_size=inputs)),
        hidden_weights=draw(
            st.lists(st.lists(number, min_size=inputs, max_size=inputs), min_size=hidden, max_size=hidden)
        ),
        output_weights=draw(st.lists(number, min_size=hidden, max_size=hidden)),
        target=draw(number),
        learning_rate=draw(st.floats(0.01, 2)),
    )


def relative_distance(found, expected):
    """Return the largest difference, relative to the largest expected value."""
    found, expected = (np.concatenate([np.ravel(part) for part in parts]) for parts in (found, expected))
    scale = np.abs(expected).max()
    return float(np.abs(found - expected).max() / scale) if scale else float(np.abs(found).max())


def values_of(example):
    return {step.symbol: step.value for step in example.worked_example(example)}


# ---------------------------------------------------------------- by hand


def test_the_forward_pass_is_the_one_of_the_assignment():
    values = values_of(ASSIGNMENT)
    assert values["h1"] == pytest.approx(1.9, rel=1e-15)
    assert values["h2"] == pytest.approx(1.1, rel=1e-15)
    assert values["z"] == pytest.approx(2.45, rel=1e-15)
    assert round(values["o"], 2) == 0.92
    assert values["o"] == pytest.approx((1 + math.tanh(2.45 / 2)) / 2, rel=1e-14)
    assert values["J"] == pytest.approx((1 - math.tanh(1.225)) ** 2 / 8, rel=1e-12)
    assert values["J"] == pytest.approx(0.00315524155, rel=1e-8)


def test_every_gradient_and_new_weight_equals_an_independent_calculation():
    # sigma(z) written through tanh and the derivative through cosh: another way to the same numbers
    output = (1 + math.tanh(1.225)) / 2
    delta = (output - 1) / (4 * math.cosh(1.225) ** 2)
    before = {"w1": 0.5, "w2": 0.7, "w3": 0.3, "w4": 0.4, "w5": 1.0, "w6": 0.5}
    gradients = {
        "w1": delta * 1.0 * 1,
        "w2": delta * 1.0 * 2,
        "w3": delta * 0.5 * 1,
        "w4": delta * 0.5 * 2,
        "w5": delta * 1.9,
        "w6": delta * 1.1,
    }
    values = values_of(ASSIGNMENT)
    for weight, gradient in gradients.items():
        assert values[f"dJ/d{weight}"] == pytest.approx(gradient, rel=1e-12)
        assert values[f"{weight}'"] == pytest.approx(before[weight] - 0.5 * gradient, rel=1e-14)
    assert values["dJ/do"] == pytest.approx(output - 1, rel=1e-12)
    assert values["do/dz"] == pytest.approx(1 / (4 * math.cosh(1.225) ** 2), rel=1e-12)
    assert values["dJ/dh2"] == pytest.approx(delta * 0.5, rel=1e-12)


def test_the_cost_after_the_step_is_that_of_the_new_weights():
    values = values_of(ASSIGNMENT)
    new = [values[f"w{number}'"] for number in range(1, 7)]
    z = new[4] * (new[0] + 2 * new[1]) + new[5] * (new[2] + 2 * new[3])
    assert values["J'"] == pytest.approx((1 / (1 + math.exp(-z)) - 1) ** 2 / 2, rel=1e-12)
    assert values["J'"] < values["J"]
    assert values["J'"] == pytest.approx(0.00297308512, rel=1e-8)


def test_the_lines_stand_in_the_order_in_which_a_person_works():
    symbols = [step.symbol for step in example.worked_example(ASSIGNMENT)]
    assert symbols[:10] == ["i1", "i2", "w1", "w2", "w3", "w4", "w5", "w6", "y", "alpha"]
    assert symbols[10:15] == ["h1", "h2", "z", "o", "J"]
    assert symbols[15:18] == ["dJ/do", "do/dz", "dJ/dz"]
    assert symbols[18:26] == [f"dJ/d{x}" for x in ("w5", "w6", "h1", "h2", "w1", "w2", "w3", "w4")]
    assert symbols[26:] == ["w1'", "w2'", "w3'", "w4'", "w5'", "w6'", "h1'", "h2'", "z'", "o'", "J'"]


def test_formulas_and_numbers_say_what_was_computed():
    steps = {step.symbol: step for step in example.worked_example(changed(inputs=(1, -2)))}
    assert steps["h2"].formula == "w_3 i_1 + w_4 i_2"
    assert steps["h2"].numbers == r"0.3 \cdot 1 + 0.4 \cdot ({-2})"
    assert steps["dJ/dw5"].formula == r"\dfrac{\partial J}{\partial z} \cdot h_1"
    assert steps["w1'"].latex == "w_1'"


def evaluated(latex):
    """Return what a formula with numbers put in comes to."""
    python = latex.replace("{", "(").replace("}", ")").replace(")(", ")/(").replace(r"\dfrac", "")
    python = python.replace(r"\cdot", "*").replace("e^", "math.e^").replace("^", "**")
    return eval(python, {"math": math})  # noqa: S307 - our own formula


def test_the_numbers_put_in_come_to_the_value():
    for step in example.worked_example(ASSIGNMENT):
        if step.phase != "given":
            assert evaluated(step.numbers) == pytest.approx(step.value, rel=2e-5), step


@given(examples())
@SMALL
def test_the_numbers_put_in_come_to_the_value_for_any_network(example):
    for step in example.worked_example(example):
        if step.phase != "given":
            # of sums up to a hundred, six significant digits were put in
            assert evaluated(step.numbers) == pytest.approx(step.value, rel=1e-4, abs=1e-3), step


def test_origins_are_stated_for_numbers_that_still_stand():
    origins = {step.symbol: step.origin for step in example.worked_example(ASSIGNMENT)}
    assert {symbol for symbol, origin in origins.items() if origin == "legible"} == {"y", "h1", "h2"}
    assert {s for s, o in origins.items() if o == "reconstructed"} == {
        "i1",
        "i2",
        *(f"w{n}" for n in range(1, 7)),
    }
    assert origins["alpha"] == "assumed"
    assert origins["z"] == "computed"


def test_a_changed_weight_loses_its_origin_and_contradicts_what_is_legible():
    example = BackpropSettings.model_validate(ASSIGNMENT.model_dump() | {"hidden_weights": ((0.6, 0.7), (0.3, 0.4))})
    origins = {step.symbol: step.origin for step in example.worked_example(example)}
    assert (origins["w1"], origins["w2"], origins["h1"], origins["h2"]) == (
        "given",
        "reconstructed",
        "computed",
        "legible",
    )
    assert example.result(example)["contradicted"] == {"h1": 1.9}
    assert example.result(ASSIGNMENT)["contradicted"] == {}


def test_a_saturated_sigmoid_does_not_overflow():
    for sign, output in ((1, 1.0), (-1, 0.0)):
        values = values_of(changed(output_weights=(sign * 1000, 0)))
        assert values["o"] == output
        assert values["dJ/dw1"] == 0


@pytest.mark.parametrize("values", [{"inputs": (1e300, 2), "hidden_weights": ((1e300, 1), (1, 1))}, {"target": 1e200}])
def test_an_overflow_is_one_clear_error(values):
    with pytest.raises(SettingsError, match="is too large"):
        example.worked_example(changed(**values))


def test_numbers_and_symbols_in_latex():
    assert example.latex_number(-0.0) == "0"
    assert example.latex_number(-1.5e-7) == r"-1.5 \cdot 10^{-7}"
    assert example.latex_number(1234567.0) == r"1.23457 \cdot 10^{6}"
    assert example.latex_symbol("w12'") == "w_{12}'"
    assert example.latex_symbol("dJ/dw12") == r"\dfrac{\partial J}{\partial w_{12}}"


# ---------------------------------------------------------------- in three ways


def test_the_three_ways_agree_on_the_assignment():
    for row in example.compare_gradients(ASSIGNMENT):
        assert row.autograd == pytest.approx(row.by_hand, rel=1e-12)
        assert row.finite_differences == pytest.approx(row.by_hand, rel=1e-6)
        assert row.autograd_difference < 1e-12
        assert row.finite_differences_difference < 1e-6


@given(examples())
@SMALL
def test_by_hand_equals_layer_by_layer_and_autograd(example):
    values = values_of(example)
    by_hand = [values[f"dJ/d{symbol}"] for symbol in example.weight_symbols(example)]
    layers = example.layer_gradients(*example.matrices(example))
    autograd = example.autograd_gradients(*example.matrices(example))
    # where o comes close to y, their difference has lost its digits in any of the ways
    scale = max(1e-3, *map(abs, by_hand))
    for found in (layers, autograd):
        assert np.abs(np.concatenate([part.ravel() for part in found]) - by_hand).max() / scale < 1e-12
    assert example.layer_cost(*example.matrices(example)) == pytest.approx(values["J"], rel=1e-10, abs=1e-18)


@given(networks())
@SMALL
def test_layers_of_any_size_agree_with_autograd(network):
    assert relative_distance(example.layer_gradients(*network), example.autograd_gradients(*network)) < 1e-12


@given(networks())
@SMALL
def test_layers_of_any_size_agree_with_finite_differences(network):
    gradients = example.layer_gradients(*network)
    differences = example.finite_difference_gradients(*network)
    assert [gradient.shape for gradient in gradients] == [matrix.shape for matrix in network[0]]
    assert relative_distance(differences, gradients) < 1e-6


# ---------------------------------------------------------------- descent


@pytest.mark.parametrize(
    ("rule", "class_name", "rate"),
    [("gradient descent", "SGD", 0.5), ("Adam", "Adam", 0.5), ("Adam", "Adam", 0.001)],
)
def test_descent_follows_the_optimizer_of_torch(rule, class_name, rate):
    import torch

    example = changed(steps=40, target=0.5)
    weights, inputs, target = example.matrices(example)
    parameters = [torch.tensor(matrix, requires_grad=True) for matrix in weights]
    optimizer = getattr(torch.optim, class_name)(parameters, lr=rate)
    costs = []
    for _ in range(41):
        optimizer.zero_grad()
        output = torch.sigmoid(parameters[1] @ (parameters[0] @ torch.tensor(inputs)))
        cost = (output - torch.tensor(target)).square().sum() / 2
        costs.append(cost.item())
        cost.backward()
        optimizer.step()
    assert example.descent(example, rule, rate) == pytest.approx(costs, rel=1e-9, abs=1e-16)


def test_the_first_step_of_descent_is_the_one_worked_by_hand():
    values = values_of(ASSIGNMENT)
    assert example.descent(ASSIGNMENT, "gradient descent", 0.5)[:2] == pytest.approx(
        [values["J"], values["J'"]], rel=1e-12
    )


def test_curves_cover_all_steps_and_none_comes_twice():
    curves = example.curves(changed(steps=7))
    assert [(curve["rule"], curve["learning_rate"]) for curve in curves] == [
        ("gradient descent", 0.5),
        ("Adam", 0.5),
        ("Adam", 0.001),
    ]
    assert {len(curve["costs"]) for curve in curves} == {8}
    assert len(example.curves(changed(steps=1, adam_learning_rate=0.5))) == 2


def test_weights_that_overflow_on_the_way_are_one_clear_error():
    example = changed(inputs=(1e154, 0), hidden_weights=((1e-154, 0),), output_weights=(1,), learning_rate=1000)
    with pytest.raises(SettingsError, match="overflows at step"):
        example.descent(example, "gradient descent", 1e3)


# ---------------------------------------------------------------- the whole


def test_the_result_is_the_same_json_every_time():
    first, second = (json.dumps(example.result(ASSIGNMENT), allow_nan=False) for _ in range(2))
    assert first == second
    assert set(json.loads(first)) == {"network", "steps", "gradients", "curves", "contradicted"}


def test_the_module_imports_without_torch():
    code = "import sys, pipeline.backprop.example; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"inputs": (1, 2, 3)}, "row 1 of hidden_weights has 2 weights, but there are 3 inputs"),
        ({"hidden_weights": ((1, 2), (1,))}, "row 2 of hidden_weights has 1 weight, but there are 2 inputs"),
        (
            {"output_weights": (1,)},
            "output_weights has 1 weight, but hidden_weights describes 2 hidden units",
        ),
        ({"inputs": (1, math.nan)}, "finite number"),
        ({"target": math.inf}, "finite number"),
        ({"target": True}, "valid number"),
        ({"learning_rate": 0}, "greater than 0"),
        ({"steps": 0}, "greater than or equal to 1"),
        ({"inputs": ()}, "at least 1 item"),
        ({"inputs": tuple(range(9))}, "at most 8 items"),
        ({"legible": {"h3": 1.0}}, "legible names 'h3', which this network lacks; it has i1, i2, w1"),
        ({"momentum": 0.9}, "Extra inputs"),
    ],
)
def test_settings_that_do_not_fit_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        changed(**values)
