"""What is said of a wrong row of ``optimizers``, before any work."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.project.errors import SettingsError
from pipeline.running import rows
from pipeline.running.planning import optimizer_row
from pipeline.settings import loading
from pipeline.training.record import OptimizerRow
from tests import studies


def refused(row: OptimizerRow, learning_rate: Any = 0.001) -> str:
    with pytest.raises(SettingsError) as caught:
        rows.check_optimizer("mine", row, learning_rate)
    message = str(caught.value)
    assert message.startswith("params.yaml: optimizers.mine")
    assert "\n" not in message
    return message


SETTINGS = loading.validate(studies.params(), "params.yaml")


@pytest.mark.parametrize("name", SETTINGS.optimizers)
def test_the_rows_of_the_study_pass(name: str) -> None:
    row = SETTINGS.optimizers[name]
    rows.check_optimizer(name, optimizer_row(row), row.learning_rate_centre)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (OptimizerRow("Adamm"), [".class: 'Adamm'", "did you mean 'Adam'", "RMSprop"]),
        (OptimizerRow("LBFGS"), [".class: torch.optim.LBFGS computes the loss several times", "closure"]),
        (OptimizerRow("os.system"), [".class: 'os.system'"]),
        # torch.optim has modules and functions, too
        (OptimizerRow("lr_scheduler"), [".class: 'lr_scheduler'"]),
        (OptimizerRow("Optimizer"), [".class: 'Optimizer'"]),
        (OptimizerRow("Adam", {"beta": [0.9, 0.99]}), [".arguments.beta", "did you mean 'betas'"]),
        (OptimizerRow("SGD", {"lr": [0.1]}), [".arguments.lr"]),
        (OptimizerRow("SGD", {"params": 1}), [".arguments.params"]),
        (OptimizerRow("Adam", {"betas": [0.9, 1.5]}), ["torch.optim.Adam", "'betas': [0.9, 1.5]", "Invalid beta"]),
        (OptimizerRow("SGD", {"momentum": -1}), ["torch.optim.SGD", "'momentum': -1", "Invalid momentum value"]),
        (OptimizerRow("SGD", {"nesterov": True}), ["torch.optim.SGD", "Nesterov momentum requires a momentum"]),
        (OptimizerRow("Adam", {"betas": [0.9, "x"]}), ["torch.optim.Adam", "'betas': [0.9, 'x']"]),
        (OptimizerRow("Rprop", {"etas": [0.5, 0.9]}), ["torch.optim.Rprop", "[0.5, 0.9]"]),
        (OptimizerRow("Muon"), ["Muon takes hidden weight matrices only", "rest"]),
        (OptimizerRow("Muon", {}, OptimizerRow("AdmW")), [".rest.class: 'AdmW'", "did you mean 'AdamW'"]),
        (
            OptimizerRow("Muon", {}, OptimizerRow("AdamW", {"ep": 1})),
            [".rest.arguments.ep", "did you mean 'eps'"],
        ),
        (OptimizerRow("Muon", {}, OptimizerRow("AdamW", {"eps": -1.0})), [".rest: torch.optim.AdamW", "-1.0"]),
        (OptimizerRow("Muon", {}, OptimizerRow("Muon")), [".rest", "Muon"]),
    ],
)
def test_a_wrong_row_is_refused_with_where_what_and_what_else(row: OptimizerRow, expected: list[str]) -> None:
    message = refused(row)
    assert [part for part in expected if part not in message] == []


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("SGD", {"momentum": 0.9, "nesterov": "yes"}, "nesterov: found 'yes'; it must be true or false"),
        ("Adam", {"amsgrad": "no"}, "amsgrad: found 'no'; it must be true or false"),
        ("Adam", {"amsgrad": 1}, "amsgrad: found 1; it must be true or false"),
        ("SGD", {"maximize": "no"}, "maximize: found 'no'; it must be true or false"),
        ("SGD", {"momentum": True}, "momentum: found True; it must be a number, such as torch's default 0"),
        ("Adadelta", {"weight_decay": True}, "weight_decay: found True; it must be a number"),
        # without momentum, never looked at
        ("SGD", {"dampening": "0.1"}, "dampening: found '0.1'; it must be a number"),
        (
            "Adam",
            {"betas": 0.9},
            "betas: found 0.9; it must be a list of 2 numbers, such as torch's default [",
        ),
        ("Adam", {"betas": [0.9]}, "betas: found [0.9]; it must be a list of 2 numbers"),
        ("Adam", {"eps": "1e-8"}, "eps: found '1e-8'; it must be a number, such as torch's default 1e-08"),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: str, arguments: dict[str, Any], expected: str) -> None:
    assert f"optimizers.mine.arguments.{expected}" in refused(OptimizerRow(kind, arguments))
    inside = refused(OptimizerRow("Muon", {}, OptimizerRow(kind, arguments)))
    assert f"optimizers.mine.rest.arguments.{expected}" in inside


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [("RMSprop", {"capturable": True}), ("Adamax", {"differentiable": True}), ("Adafactor", {"eps": [None, "x"]})],
)
def test_what_torch_cannot_step_with_is_refused(kind: str, arguments: dict[str, Any]) -> None:
    message = refused(OptimizerRow(kind, arguments))
    assert f"torch.optim.{kind}" in message
    assert next(iter(arguments)) in message


@pytest.mark.parametrize("rate", [-1.0, "0.1"])
def test_a_wrong_learning_rate_is_refused(rate: Any) -> None:
    assert "torch.optim.SGD refuses" in refused(OptimizerRow("SGD"), rate)


def test_all_rows_and_networks_are_checked() -> None:
    content = studies.params()
    rows.check_here(loading.validate(content, "params.yaml"))
    content["problems"]["digits"]["network"] = "linaer"
    with pytest.raises(SettingsError, match=r"network: 'linaer' is unknown; did you mean 'linear'"):
        rows.check_here(loading.validate(content, "params.yaml"))


def test_the_check_in_a_worker_says_the_same() -> None:
    content = studies.params()
    content["optimizers"]["adam"]["class"] = "Adm"
    with pytest.raises(SettingsError, match=r"optimizers.adam.class: 'Adm' is not .* did you mean 'Adam'"):
        rows.check(loading.validate(content, "params.yaml"))


def test_defaults_are_torchs_own_without_the_learning_rate() -> None:
    found = rows.defaults("Adam")
    assert found["betas"] == (0.9, 0.999)
    assert not found.keys() & {"params", "lr", "fused"}
