import math

import pytest
import torch

from pipeline.backprop import as_written, by_hand
from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings
from tests.backprop.examples import changed, of_size


def shown(part, settings):
    return part(settings, by_hand.steps(settings))


def test_the_slips_are_what_their_lines_give():
    unit, slope = shown(as_written.slips, ASSIGNMENT)
    assert (unit.symbol, unit.formula.text, unit.value) == ("h1", "w₁ · i₁ + w₂ · i₁", 1.2)
    assert unit.numbers.text == "0.5 · 1 + 0.7 · 1"
    assert (slope.symbol, slope.formula.text) == ("do/dz", "o · (1 − z)")
    assert slope.value == pytest.approx((1 - 1.85) / (1 + math.exp(-1.85)), rel=1e-11)


def test_the_right_slope_is_the_derivative_and_the_written_one_is_not():
    z = torch.tensor(1.85, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.sigmoid(z), z)
    right = next(step.value for step in by_hand.steps(ASSIGNMENT) if step.symbol == "do/dz")
    assert right == pytest.approx(slope.item(), rel=1e-12)
    assert shown(as_written.slips, ASSIGNMENT)[1].value < 0 < right


def test_the_reconstructed_weights_fit_every_trace_and_others_do_not():
    weight, z, output, gradient = shown(as_written.traces, ASSIGNMENT)
    assert all(trace.fits for trace in (weight, z, output, gradient))
    assert (weight.value, z.value) == (0.8, 1.85)
    assert output.value == pytest.approx(1 / (1 + math.exp(1.85)), rel=1e-11)
    assert gradient.value == pytest.approx(-0.0303, abs=5e-5)
    other = BackpropSettings.model_validate(ASSIGNMENT.model_dump() | {"output_weights": (1, 0.5)})
    # z = 2.45 has the last digit, and nothing else
    assert [trace.fits for trace in shown(as_written.traces, other)] == [False, True, False, False]


@pytest.mark.parametrize("settings", [changed(), of_size(3, 2), of_size(1, 1)])
def test_nothing_is_said_of_numbers_that_are_not_the_assignments(settings):
    assert shown(as_written.slips, settings) == shown(as_written.traces, settings) == ()
