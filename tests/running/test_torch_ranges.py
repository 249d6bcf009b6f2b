"""A value that torch refuses is named with its argument and with what torch takes."""

from __future__ import annotations

import operator
import re

import pytest
import torch
import yaml

from pipeline.project.errors import SettingsError
from pipeline.running import rows, torch_defaults, torch_ranges
from pipeline.settings import loading
from pipeline.training import optimizers
from tests.conftest import ROOT

WORDS = {"at least": operator.ge, "at most": operator.le, "greater than": operator.gt, "less than": operator.lt}
# on both sides of every limit, and close to it
VALUES = (-2.0, -1.0, -1e-4, 0.0, 1e-4, 0.5, 0.9999, 1.0, 1.0001, 1.5, 3.0)


def numbers():
    """Every number among the arguments of every class: where it is, and how to give it a value."""
    for kind in optimizers.ALLOWED:
        for name, default in torch_defaults.arguments(kind).items():
            if isinstance(default, float):
                yield pytest.param(kind, name, lambda value: value, id=f"{kind}.{name}")
            for index in range(len(default)) if isinstance(default, tuple) else ():
                yield pytest.param(kind, name, placed(default, index), id=f"{kind}.{name}.{index}")


def placed(default, index):
    return lambda value: [*default[:index], value, *default[index + 1 :]]


def torch_takes(kind, arguments):
    matrix = torch.nn.Parameter(torch.ones(3, 2))
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()}
    try:
        getattr(torch.optim, kind)([matrix], lr=0.01, **options)
    except ValueError:
        return False
    return True


def said(kind, arguments):
    """Return the error of a row, or None where it passes."""
    try:
        torch_ranges.check_values("mine", {"class": kind, "arguments": arguments})
    except SettingsError as error:
        return str(error)
    return None


@pytest.mark.parametrize(("kind", "name", "place"), list(numbers()))
def test_the_limits_that_are_told_are_torchs_own(kind, name, place):
    taken = {value for value in VALUES if torch_takes(kind, {name: place(value)})}
    errors = {value: said(kind, {name: place(value)}) for value in VALUES}
    assert {value for value, error in errors.items() if error is None} == taken
    for error in filter(None, errors.values()):
        limits = re.findall(rf"({'|'.join(WORDS)}) (\d)", error.partition("must be ")[2])
        assert {value for value in VALUES if all(WORDS[word](value, float(n)) for word, n in limits)} == taken


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("SGD", {"momentum": -1}, "momentum: found -1; it must be at least 0."),
        (
            "Adam",
            {"betas": [0.9, 1.5]},
            "betas: found [0.9, 1.5]; its second number must be at least 0 and less than 1.",
        ),
        ("Adam", {"betas": [0, 0.9]}, "betas: found [0, 0.9]; its first number must be written as 0.0."),
        ("Adadelta", {"rho": 1.1}, "rho: found 1.1; it must be at least 0 and at most 1."),
        ("Rprop", {"etas": [0.5, 0.9]}, "etas: found [0.5, 0.9]; its second number must be greater than 1."),
        ("Adafactor", {"eps": [None, -1]}, "eps: found [None, -1]; its second number must be at least 0."),
        ("SGD", {"momentum": 0.9, "weight_decay": -0.1}, "weight_decay: found -0.1; it must be at least 0."),
        ("SGD", {"nesterov": True}, "nesterov: found True; torch.optim.SGD refuses it: Nesterov momentum requires"),
        ("Muon", {"ns_steps": 200}, "ns_steps: found 200; torch.optim.Muon refuses it: Number of steps must be less"),
        ("RMSprop", {"capturable": True}, "capturable: found True; torch.optim.RMSprop refuses it: If capturable=True"),
    ],
)
def test_the_error_names_the_argument_what_was_found_and_what_is_allowed(kind, arguments, expected):
    error = said(kind, arguments)
    assert error.startswith(f"params.yaml: optimizers.mine.arguments.{expected}")
    assert "\n" not in error


def test_the_rest_of_a_row_is_looked_at_too():
    row = {"class": "Muon", "arguments": {}, "rest": {"class": "AdamW", "arguments": {"eps": -1.0}}}
    with pytest.raises(
        SettingsError, match=r"optimizers\.mine\.rest\.arguments\.eps: found -1\.0; it must be at least 0"
    ):
        torch_ranges.check_values("mine", row)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("SGD", {"nesterov": True, "momentum": 0.9}),  # refused alone, taken together
        ("Adamm", {}),  # for another check
        ("lr_scheduler", {}),
        ("Adam", {"beta": 3}),
    ],
)
def test_what_is_right_or_for_another_check_passes(kind, arguments):
    assert said(kind, arguments) is None


@pytest.mark.parametrize("kind", ["lr_scheduler", "swa_utils", "Optimizer"])
def test_what_is_no_optimizer_class_of_the_study_is_named(kind, settings_with):
    with pytest.raises(SettingsError, match=f"optimizers.adam.class: '{kind}' is not an optimizer"):
        rows.check_here(settings_with({"class": kind, "arguments": {}}))


def test_the_check_before_any_work_tells_the_limits(settings_with):
    with pytest.raises(SettingsError, match=r"adam\.arguments\.eps: found -1; it must be at least 0"):
        rows.check_here(settings_with({"class": "Adam", "arguments": {"eps": -1}}))


@pytest.fixture
def settings_with():
    def settings(row):
        content = yaml.safe_load((ROOT / "params.yaml").read_text())
        content["optimizers"]["adam"].update(row)
        return loading.validate(content, "params.yaml")

    return settings
