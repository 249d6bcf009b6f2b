"""Optimizers of packages and of files in a training."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from pipeline.prepared.refusal import Refusal
from pipeline.running import rows
from pipeline.training import networks, optimizers, train
from pipeline.training.optimizers import classes
from pipeline.training.origin import identity
from pipeline.training.record import OptimizerRow, Training
from tests import own_optimizers as own

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "pytorch_optimizer"
ADAMW = OptimizerRow("AdamW", {"weight_decay": 0.0})
# by class: a learning rate for small networks
PACKAGED = {
    "Lion": 0.001,
    "SOAP": 0.003,
    "Prodigy": 1.0,
    "ScheduleFreeAdamW": 0.01,
    "ScheduleFreeSGD": 0.5,
    "AdaFactor": 0.01,
    "Lamb": 0.01,
    "Adan": 0.01,
    "Shampoo": 0.003,
}
ROWS = {name: OptimizerRow(f"{PACKAGE}:{name}") for name in PACKAGED} | {
    "Muon": OptimizerRow(f"{PACKAGE}:Muon", {}, ADAMW),
    "Adafactor": OptimizerRow("Adafactor"),
    "ASGD": OptimizerRow("ASGD"),
    "Rprop": OptimizerRow("Rprop"),
}
RATES = PACKAGED | {"Muon": 0.01, "Adafactor": 0.05, "ASGD": 0.05, "Rprop": 0.001}


def network(name: str = "digits_cnn", shape: tuple[int, ...] = (8, 8, 1)) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # noqa: TID251
        return networks.build(name, shape, 10)


def batch(shape: tuple[int, ...] = (8, 8, 1)) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(16, *shape, generator=generator).permute(0, 3, 1, 2)
    return images, torch.randint(10, (16,), generator=generator)


def go(stepper: optimizers.Stepper, net: nn.Module, steps: int, shape: tuple[int, ...] = (8, 8, 1)) -> list[float]:
    """Take steps on one batch; return the losses."""
    images, labels = batch(shape)
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(net(images), labels)
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    return losses


def training(row: OptimizerRow, rate: float, **changes: Any) -> Training:
    return replace(Training("train", "digits", "mine", "digits_cnn", row, rate, 2, 32, 1, 1, "0" * 64), **changes)


@pytest.mark.parametrize("name", ROWS)
def test_learns_and_gives_the_same_bytes_again(name: str, learning: Path) -> None:
    asked = training(ROWS[name], RATES[name], epochs=8, batch_size=16)
    first, again = (train.train(asked, learning, "key") for _ in range(2))
    assert not first.diverged
    assert first.last.train_loss is not None
    assert first.history[0].train_loss is not None
    assert first.last.train_loss < first.history[0].train_loss
    assert json.dumps(first.to_json()) == json.dumps(again.to_json())
    assert first.weights is not None
    assert again.weights is not None
    assert all(np.array_equal(first.weights[key], again.weights[key]) for key in first.weights)


@pytest.mark.parametrize("name", [name for name in PACKAGED if not name.startswith("ScheduleFree")])
def test_is_the_class_stepped_in_a_plain_loop(name: str) -> None:
    shape = (32, 32, 3)
    ours, plain = network("assignment_cnn", shape), network("assignment_cnn", shape)
    # as a user of the package has it: torch's usual memory order
    for parameter in plain.parameters():
        parameter.data = parameter.data.contiguous()
    stepper = optimizers.build("mine", ROWS[name], RATES[name], ours)
    kind: Any = classes.find(ROWS[name], "")
    optimizer = kind(plain.parameters(), lr=RATES[name])
    go(stepper, ours, 5, shape)
    images, labels = batch(shape)
    for _ in range(5):
        optimizer.zero_grad()
        F.cross_entropy(plain(images), labels).backward()
        optimizer.step()
    for parameter, expected in zip(ours.parameters(), plain.parameters(), strict=True):
        # the sign of an update of almost nothing may differ by rounding
        close = torch.isclose(parameter, expected, rtol=1e-3, atol=1e-5)
        assert close.float().mean() > 0.995


def test_a_class_gets_every_parameter_in_its_shape_and_in_torchs_order() -> None:
    net = network("assignment_cnn", (32, 32, 3))
    stepper = optimizers.build("mine", ROWS["SOAP"], 0.003, net)
    own_parameters = stepper.optimizers[0].param_groups[0]["params"]
    assert [p.shape for p in own_parameters] == [p.shape for p in net.parameters()]
    assert all(p.is_contiguous() for p in own_parameters)
    assert stepper.parameter_counts == {"SOAP": len(stepper.values)}
    go(stepper, net, 1, (32, 32, 3))
    assert all(torch.equal(p, q) for p, q in zip(own_parameters, net.parameters(), strict=True))
    assert all(p.grad.is_contiguous() and p.grad.shape == p.shape for p in own_parameters)


def test_a_rest_leaves_hidden_matrices_to_the_class() -> None:
    net = network("assignment_cnn", (32, 32, 3))
    for rest in (ADAMW, OptimizerRow("Adafactor"), OptimizerRow(f"{PACKAGE}:Lion")):
        stepper = optimizers.build("mine", OptimizerRow(f"{PACKAGE}:Muon", {}, rest), 0.01, net)
        shapes = [tuple(p.shape) for p in stepper.optimizers[0].param_groups[0]["params"]]
        assert shapes == [(16, 24), (120, 784), (84, 120)]
        assert sum(stepper.parameter_counts.values()) == len(stepper.values)
        before = [parameter.detach().clone() for parameter in net.parameters()]
        go(stepper, net, 2, (32, 32, 3))
        assert not any(torch.equal(old, new) for old, new in zip(before, net.parameters(), strict=True))


def test_a_rest_of_the_same_class_is_counted_with_it() -> None:
    stepper = optimizers.build("mine", OptimizerRow("Adam", {}, OptimizerRow("Adam", {"eps": 1e-4})), 0.01, network())
    assert stepper.parameter_counts == {"Adam": len(stepper.values)}
    assert len(stepper.optimizers) == 2


# The learning rate, and parameters to evaluate with


def test_a_factor_scales_the_rates_that_each_group_began_with() -> None:
    stepper = optimizers.build("mine", OptimizerRow("Muon", {}, ADAMW), 0.01, network())

    def rates() -> set[float]:
        return {group["lr"] for optimizer in stepper.optimizers for group in optimizer.param_groups}

    for factor in (0.5, 0.1, 1.0):
        stepper.scale_learning_rate(factor)
        assert rates() == {0.01 * factor}


@pytest.mark.parametrize("name", ["ScheduleFreeAdamW", "ScheduleFreeSGD"])
def test_schedule_free_is_measured_with_its_average_and_looking_changes_nothing(name: str) -> None:
    looked, blind = network(), network()
    steppers = [optimizers.build("mine", ROWS[name], RATES[name], net) for net in (looked, blind)]
    for stepper, net in zip(steppers, (looked, blind), strict=True):
        go(stepper, net, 4)
    trained = steppers[0].values.clone()
    with steppers[0].averaged():
        average = steppers[0].values.clone()
        assert all(not group["train_mode"] for group in steppers[0].optimizers[0].param_groups)
    assert not torch.equal(average, trained)
    assert torch.equal(steppers[0].values, trained)
    for stepper, net in zip(steppers, (looked, blind), strict=True):
        go(stepper, net, 4)
    assert torch.equal(steppers[0].values, steppers[1].values)


def test_other_optimizers_have_nothing_to_average() -> None:
    stepper = optimizers.build("mine", OptimizerRow("Adam"), 0.01, network())
    before = stepper.values.clone()
    with stepper.averaged():
        assert torch.equal(stepper.values, before)


# What a class may do, and what happens if it fails


def test_a_class_may_replace_data_and_write_to_its_gradient(tmp_path: Path) -> None:
    net = network()
    losses = go(optimizers.build("mine", own.row_of(tmp_path, own.LIBERAL), 0.01, net), net, 10)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("source", "reason"), [(own.FAILS, "momentum lost"), (own.CLOSURE, "not callable")])
def test_an_error_in_a_step_names_the_row_and_what_the_class_said(
    source: str, reason: str, learning: Path, tmp_path: Path
) -> None:
    with pytest.raises(Refusal) as caught:
        train.train(training(own.row_of(tmp_path, source), 0.01), learning, "key")
    assert caught.value.code == "cannot_step"
    assert caught.value.values["where"] == "optimizers.mine"
    assert reason in caught.value.values["reason"]
    # as it comes back from a worker
    assert pickle.loads(pickle.dumps(caught.value)).values == caught.value.values  # noqa: S301, TID251


def test_another_type_of_parameter_is_refused(learning: Path, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        train.train(training(own.row_of(tmp_path, own.HALF), 0.01), learning, "key")
    assert (caught.value.code, caught.value.values["found"]) == ("another_type", "torch.float16")


def test_a_class_that_fails_on_nan_has_diverged_like_any_other(learning: Path, tmp_path: Path) -> None:
    found = train.train(training(own.row_of(tmp_path, own.FAILS_ON_NAN), 1e30), learning, "key")
    silent = train.train(training(own.row_of(tmp_path, own.ADAM), 1e30), learning, "key")
    assert found.diverged
    assert found.diverged_at == silent.diverged_at


def test_a_decomposition_that_fails_is_a_divergence(learning: Path, tmp_path: Path) -> None:
    found = train.train(training(own.row_of(tmp_path, own.DECOMPOSES), 0.001), learning, "key")
    # the fourth step fails, the fifth has no loss any more
    assert found.diverged_at == 5


# Finding a class


def refused(row: OptimizerRow) -> Refusal:
    with pytest.raises(Refusal) as caught:
        optimizers.build("mine", row, 0.01, network())
    return caught.value


def test_a_file_is_loaded_once_under_a_name_of_its_content(tmp_path: Path) -> None:
    # no other test has loaded this content
    row = own.row_of(tmp_path, own.LION + "# once\n", "Lion")
    kind = classes.find(row, "")
    assert classes.find(row, "") is kind
    # its classes can be pickled by their name
    assert pickle.loads(pickle.dumps(kind)) is kind  # noqa: S301, TID251
    assert sys.modules[kind.__module__].__file__ == f"{tmp_path}/mine.py"
    edited = own.row_of(tmp_path, own.LION + "\n", "Lion")
    assert classes.find(edited, "") is not kind
    assert not list(tmp_path.glob("__pycache__/*"))


def test_a_file_that_changed_since_it_was_asked_for_is_refused(tmp_path: Path) -> None:
    row = own.row_of(tmp_path, own.LION, "Lion")
    own.row_of(tmp_path, own.LION + "\n", "Lion")
    found = refused(row)
    assert (found.code, found.values["expected"]) == ("another_identity", row.identity)
    package = refused(OptimizerRow(f"{PACKAGE}:Lion", identity=f"{PACKAGE} 0.1"))
    assert (package.code, package.values["found"]) == ("another_identity", identity(f"{PACKAGE}:Lion"))


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import torch\nraise OSError('no GPU')", "not_loaded"),
        ("import no_such_package_here", "not_loaded"),
        ("Mine = 3", "no_optimizer"),
        ("from torch.optim import Optimizer as Mine", "no_optimizer"),
        ("x = 1", "unknown_member"),
    ],
)
def test_a_file_without_such_a_class_is_refused(source: str, code: str, tmp_path: Path) -> None:
    assert refused(own.row_of(tmp_path, source)).code == code


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (OptimizerRow(f"{PACKAGE}:Loin"), "unknown_member"),
        (OptimizerRow(f"{PACKAGE}.nothing:Lion"), "not_loaded"),
        (OptimizerRow("no_such_package_here:Lion"), "not_loaded"),
        (OptimizerRow(f"{PACKAGE}:load_optimizer"), "no_optimizer"),
        # accepted, and ignored, by the class itself
        (OptimizerRow(f"{PACKAGE}:Lion", {"beta": [0.9, 0.99]}), "unknown_argument"),
        (OptimizerRow(f"{PACKAGE}:Muon"), "no_rest"),
        (OptimizerRow(f"{PACKAGE}:SAM"), "wraps_another"),
        (OptimizerRow(f"{PACKAGE}:BSAM"), "missing_argument"),
    ],
)
def test_a_class_of_a_package_that_cannot_be_built_is_refused(row: OptimizerRow, code: str) -> None:
    assert refused(row).code == code


PASSES_ON = """
from torch.optim import Adam


class Mine(Adam):
    def __init__(self, params, lr=0.1, **more):
        super().__init__(params, lr, **more)
"""
NO_RATE = PASSES_ON.replace("lr=0.1, **more", "beta1=0.9").replace("lr, **more", "0.1, betas=(beta1, 0.99)")


def test_arguments_that_a_class_passes_on_are_known(tmp_path: Path) -> None:
    row = own.row_of(tmp_path, PASSES_ON, betas=[0.8, 0.9])
    stepper = optimizers.build("mine", row, 0.01, network())
    assert stepper.optimizers[0].param_groups[0]["betas"] == (0.8, 0.9)
    assert rows.defaults(row.class_name)["eps"] == 1e-8
    found = refused(own.row_of(tmp_path, PASSES_ON, beta=[0.8, 0.9]))
    assert (found.code, found.values["found"]) == ("unknown_argument", "beta")
    assert "betas" in found.values["allowed"]


def test_a_class_without_a_learning_rate_is_refused(tmp_path: Path) -> None:
    assert refused(own.row_of(tmp_path, NO_RATE)).code == "no_learning_rate"
