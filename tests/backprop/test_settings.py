import math

import pytest
from pydantic import ValidationError

from pipeline.backprop.settings import ASSIGNMENT, BackpropSettings
from pipeline.settings import loading
from tests.backprop.examples import changed
from tests.conftest import ROOT


def test_the_study_works_the_example_that_the_command_starts_from():
    assert loading.section("backprop", BackpropSettings, ROOT / "params.yaml") == ASSIGNMENT


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"inputs": (1, 2, 3)}, "row 1 of hidden_weights: found 2, expected 3, one for each input"),
        ({"hidden_weights": ((1, 2), (1,))}, "row 2 of hidden_weights: found 1, expected 2, one for each input"),
        ({"output_weights": (1,)}, "output_weights: found 1, expected 2, one for each hidden unit"),
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
