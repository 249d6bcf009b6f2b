import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from sympy import Symbol, diff, simplify

from pipeline.backprop import by_hand
from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings
from pipeline.project.errors import SettingsError
from tests.backprop.examples import changed, networks


def values_of(settings):
    return {step.symbol: step.value for step in by_hand.steps(settings)}


def test_every_value_equals_an_independent_calculation():
    # sigma(z) written through tanh and the derivative through cosh: another way to the same numbers
    output = (1 + math.tanh(0.925)) / 2
    slope = 1 / (4 * math.cosh(0.925) ** 2)
    delta = (output - 1) * slope
    gradients = (0.8 * delta, 1.6 * delta, 0.3 * delta, 0.6 * delta, 1.9 * delta, 1.1 * delta)
    new = [w - 0.5 * gradient for w, gradient in zip((0.5, 0.7, 0.3, 0.4, 0.8, 0.3), gradients, strict=True)]
    z = new[4] * (new[0] + 2 * new[1]) + new[5] * (new[2] + 2 * new[3])
    expected = {"h1": 1.9, "h2": 1.1, "z": 1.85, "o": output, "J": (1 - output) ** 2 / 2}
    expected |= {"dJ/do": output - 1, "do/dz": slope, "dJ/dz": delta, "dJ/dh1": 0.8 * delta, "dJ/dh2": 0.3 * delta}
    expected |= {f"dJ/dw{number}": gradient for number, gradient in enumerate(gradients, start=1)}
    expected |= {f"w{number}'": weight for number, weight in enumerate(new, start=1)}
    expected |= {"z'": z, "J'": (1 / (1 + math.exp(-z)) - 1) ** 2 / 2}
    found = values_of(ASSIGNMENT)
    assert {symbol: found[symbol] for symbol in expected} == pytest.approx(expected, rel=1e-12)
    assert found["J'"] < found["J"] == pytest.approx(0.00923072207, rel=1e-8)


def test_what_is_rational_is_exact():
    i, w = (1, 2), [Fraction(tenths, 10) for tenths in (5, 7, 3, 4, 8, 3)]
    h = (w[0] * i[0] + w[1] * i[1], w[2] * i[0] + w[3] * i[1])
    z = w[4] * h[0] + w[5] * h[1]
    assert (*h, z) == (Fraction(19, 10), Fraction(11, 10), Fraction(37, 20))
    found = values_of(ASSIGNMENT)
    assert [Fraction(found[symbol]).limit_denominator(1000) for symbol in ("h1", "h2", "z")] == [*h, z]
    # all gradients are fractions of the one that reaches z
    shares = {"w5": h[0], "w6": h[1], "w1": w[4], "w2": 2 * w[4], "w3": w[5], "w4": 2 * w[5]}
    for weight, share in shares.items():
        assert found[f"dJ/d{weight}"] == pytest.approx(float(share) * found["dJ/dz"], rel=1e-15)


def test_the_lines_stand_in_the_order_in_which_a_person_works():
    symbols = [step.symbol for step in by_hand.steps(ASSIGNMENT)]
    assert symbols[:10] == ["i1", "i2", "w1", "w2", "w3", "w4", "w5", "w6", "y", "alpha"]
    assert symbols[10:18] == ["h1", "h2", "z", "o", "J", "dJ/do", "do/dz", "dJ/dz"]
    assert symbols[18:26] == [f"dJ/d{x}" for x in ("w5", "w6", "h1", "h2", "w1", "w2", "w3", "w4")]
    assert symbols[26:] == ["w1'", "w2'", "w3'", "w4'", "w5'", "w6'", "h1'", "h2'", "z'", "o'", "J'"]


def test_the_chain_rule_gives_the_derivative_of_the_whole_expression():
    lines = by_hand.equations(ASSIGNMENT)
    known = lines["forward"] | lines["backward"]

    def whole(symbol):
        expression = known[Symbol(symbol)]
        while set(known) & expression.free_symbols:
            expression = expression.xreplace(known)
        return expression

    for weight in ASSIGNMENT.weights():
        assert simplify(whole(f"dJ/d{weight}") - diff(whole("J"), Symbol(weight))) == 0


def test_formulas_and_numbers_say_what_was_computed():
    steps = {step.symbol: step for step in by_hand.steps(changed(inputs=(1, -2)))}
    assert steps["h2"].formula.latex == r"w_{3} \cdot i_{1} + w_{4} \cdot i_{2}"
    assert steps["h2"].numbers.latex == r"0.3 \cdot 1 + 0.4 \cdot ({-2})"
    assert steps["h2"].numbers.text == "0.3 · 1 + 0.4 · (−2)"
    assert steps["dJ/dw5"].name.latex == r"\dfrac{\partial J}{\partial w_{5}}"
    assert steps["dJ/dw5"].formula.text == "∂J/∂z · h₁"
    assert steps["do/dz"].formula.text == "o · (1 − o)"
    assert steps["w1'"].name.text == "w₁′"
    assert steps["w1'"].formula.text == "w₁ − α · ∂J/∂w₁"
    assert (steps["o"].formula.latex, steps["o"].formula.text) == (r"\dfrac{1}{1 + e^{- z}}", "1/(1 + exp(−z))")


@given(networks())
@settings(max_examples=10, deadline=None)
def test_the_numbers_put_in_come_to_the_value(network):
    for step in by_hand.steps(network):
        if step.phase != "given":
            formula = step.numbers.text.replace("·", "*").replace("−", "-").replace("²", "**2")
            found = eval(formula, {"exp": math.exp})  # noqa: S307 - our own formula
            # six significant digits were put in
            assert found == pytest.approx(step.value, rel=1e-4, abs=1e-4), step


def test_origins_are_stated_for_numbers_that_still_stand():
    changed_weight = ASSIGNMENT.model_dump() | {"hidden_weights": ((0.6, 0.7), (0.3, 0.4))}
    for example, first, sum_ in (
        (ASSIGNMENT, "reconstructed", "legible"),
        (BackpropSettings.model_validate(changed_weight), "given", "computed"),
    ):
        origins = {step.symbol: step.origin for step in by_hand.steps(example)}
        assert (origins["w1"], origins["h1"]) == (first, sum_)
        assert (origins["w2"], origins["h2"], origins["y"]) == ("reconstructed", "legible", "legible")
        assert (origins["alpha"], origins["z"]) == ("assumed", "computed")


@pytest.mark.parametrize(("weight", "output"), [(1000, 1.0), (-1000, 0.0)])
def test_a_saturated_sigmoid_does_not_overflow(weight, output):
    values = values_of(changed(output_weights=(weight, 0)))
    assert (values["o"], values["dJ/dw1"]) == (output, 0)


@pytest.mark.parametrize("values", [{"inputs": (1e300, 2), "hidden_weights": ((1e300, 1), (1, 1))}, {"target": 1e200}])
def test_an_overflow_is_one_clear_error(values):
    with pytest.raises(SettingsError, match="is too large"):
        by_hand.steps(changed(**values))
