"""What is said of a wrong row of ``optimizers``, before any work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.project.errors import SettingsError
from pipeline.running import rows
from pipeline.running.planning import central_setting, optimizer_row, with_searched
from pipeline.settings import loading
from pipeline.training.record import OptimizerRow
from tests import own_optimizers as own
from tests import studies, yaml_text

if TYPE_CHECKING:
    from pathlib import Path


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
    rows.check_optimizer(name, with_searched(optimizer_row(row), central_setting(row)), row.centre)


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
        ("Adam", {"eps": 0}, "eps: found 0: a gradient of 0 would be divided by 0, and every"),
        ("RMSprop", {"eps": 0.0}, "eps: found 0.0: a gradient of 0 would be divided by 0, and every"),
        ("Adam", {"maximize": 1}, "maximize: found 1; it must be true or false."),
        ("Adam", {"fused": "yes"}, "fused: found 'yes'; it must be true or false."),
        ("Adam", {"foreach": True}, "foreach: found True, but all parameters lie in one vector already"),
        ("SGD", {"differentiable": True}, "differentiable: found True, but no training here differentiates"),
        ("SGD", {"maximize": True}, "maximize: found True, but it would make the loss larger: take it away."),
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


def test_what_torch_cannot_step_with_is_refused() -> None:
    message = refused(OptimizerRow("Adafactor", {"eps": [None, "x"]}))
    assert "torch.optim.Adafactor" in message
    assert "eps" in message


@pytest.mark.parametrize("rate", [-1.0, "0.1"])
def test_a_wrong_learning_rate_is_refused(rate: Any) -> None:
    assert "torch.optim.SGD refuses" in refused(OptimizerRow("SGD"), rate)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            OptimizerRow("pytorch_optimizer:Loin"),
            [".class: pytorch_optimizer has no optimizer 'Loin'; did you mean 'Lion'?", "…"],
        ),
        (
            OptimizerRow("no_such_package_here:Lion"),
            [".class: no_such_package_here cannot be loaded", "No module named"],
        ),
        (
            OptimizerRow("pytorch_optimizer:Lion", {"beta": [0.9, 0.99]}),
            [".arguments.beta: pytorch_optimizer:Lion has no argument 'beta'; did you mean 'betas'?"],
        ),
        (
            OptimizerRow("pytorch_optimizer:Lion", {"betas": 0.9}),
            [".arguments.betas: found 0.9; it must be a list of 2 numbers, such as its default [0.9, 0.99]"],
        ),
        (
            OptimizerRow("pytorch_optimizer:Lion", {"betas": [2, 3]}),
            ["pytorch_optimizer:Lion refuses {'betas': [2, 3]}"],
        ),
        (OptimizerRow("pytorch_optimiser:Lion"), ["'pytorch_optimiser'; did you mean 'pytorch_optimizer'?"]),
        (OptimizerRow("pytorch_optimizer:Muon"), ["Muon takes hidden weight matrices only", "rest"]),
        (OptimizerRow("pytorch_optimizer:SAM"), [".class: pytorch_optimizer:SAM wraps another optimizer"]),
        (OptimizerRow("pytorch_optimizer:AdaHessian"), [".class", "needs second derivatives"]),
        (OptimizerRow("pytorch_optimizer:AliG"), [".class", "needs a closure"]),
        (OptimizerRow("pytorch_optimizer:AdamMini"), [".arguments: pytorch_optimizer:AdamMini needs", "'model'"]),
        (OptimizerRow("SparseAdam"), [".class: torch.optim.SparseAdam takes sparse gradients only"]),
    ],
)
def test_a_wrong_row_of_a_package_is_refused_in_the_same_way(row: OptimizerRow, expected: list[str]) -> None:
    message = refused(row)
    assert [part for part in expected if part not in message] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (own.LION, r"mine.py has no optimizer 'Mine'; allowed: Lion\."),
        ("Mine = 3", r"mine.py:Mine is not derived from torch.optim.Optimizer\."),
        ("import os\n1 / 0", r"mine.py cannot be loaded: line 2: ZeroDivisionError: division by zero\."),
        ("import sys\nsys.exit(3)", r"mine.py cannot be loaded: line 2: SystemExit: 3\."),
        (own.FAILS.replace("> 3", "> 0"), r"mine.py:Mine cannot step: line \d+: .*momentum lost.*\."),
        (own.HALF, r"mine.py:Mine turned a parameter into torch.float16"),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(source: str, expected: str, tmp_path: Path) -> None:
    assert re.search(expected, refused(own.row_of(tmp_path, source)))


def test_where_no_row_has_a_name_no_place_in_params_is_given() -> None:
    with pytest.raises(SettingsError, match=r"^pytorch_optimizer:Lion has no argument 'beta'"):
        rows.check_optimizer("", OptimizerRow("pytorch_optimizer:Lion", {"beta": 1}), 0.1)


def write_lion(project: Path) -> None:
    (project / "optimizers").mkdir()
    (project / "optimizers" / "lion.py").write_text(own.LION)


def test_a_missing_file_is_named_with_the_closest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_lion(tmp_path)
    content = studies.params()
    search = {"learning_rate": {"log_uniform": [0.0001, 0.01]}}
    row = {"label": "Mine", "class": "optimizers/lino.py:Lion", "search": search, "default_learning_rate": 0.001}
    content["optimizers"] = {"mine": row, "adam": content["optimizers"]["adam"]}
    content["comparison"] |= {"adaptive": ["adam"], "not_adaptive": ["mine"]}
    for problem in content["problems"].values():
        problem.pop("optimizers", None)
    expected = r"^params.yaml: optimizers.mine.class: optimizers/lino.py cannot be read: .*; did you mean 'lion.py'\?$"
    with pytest.raises(SettingsError, match=expected):
        rows.check_here(loading.validate(content, "params.yaml"))
    row["class"] = "optimizers/lion.py:Lion"
    rows.check_here(loading.validate(content, "params.yaml"))


def test_the_rows_of_the_page_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_lion(tmp_path)
    content = studies.params()
    for text in re.findall(r"```yaml\n(\S.*?)```", own.PAGE, re.DOTALL):
        block = yaml_text.load(text)
        content["optimizers"] |= block["optimizers"]
        content["plugins"] = block.get("plugins", [])
    assert content["optimizers"].keys() >= {"lion", "soap"}
    rows.check_here(loading.validate(content, "params.yaml"))


@pytest.mark.parametrize(
    ("class_name", "expected"), [("Adam", 0.001), ("pytorch_optimizer:Prodigy", 1.0), ("pytorch_optimizer:Lion", 1e-4)]
)
def test_a_class_has_a_usual_learning_rate(class_name: str, expected: float) -> None:
    assert rows.default_learning_rate(class_name) == expected


def test_defaults_of_a_package_are_plain_values() -> None:
    assert rows.defaults("pytorch_optimizer:Prodigy")["growth_rate"] == "inf"
    assert rows.defaults("pytorch_optimizer:AdaFactor")["momentum_dtype"] == "torch.bfloat16"


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
