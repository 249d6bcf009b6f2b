"""What is found out about an optimizer before it takes part."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pipeline.project.errors import SettingsError
from pipeline.running import contract, rows
from pipeline.training import optimizers
from pipeline.training.record import OptimizerRow
from tests import own_optimizers as own

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "steps",
    "decreases_a_quadratic",
    "deterministic",
    "no_global_random_numbers",
    "state_is_saved",
    "respects_learning_rate",
    "does_not_touch_others",
)
REST = OptimizerRow("AdamW", {"weight_decay": 0.0})
PACKAGE = "pytorch_optimizer"


def checked(row: OptimizerRow, learning_rate: float | None = None) -> contract.Contract:
    return contract.check(row, learning_rate or rows.default_learning_rate(row.class_name) or 0.01)


def wrong(found: contract.Contract) -> dict[str, str]:
    """Return the sentences of what is wrong, by name."""
    assert all(re.fullmatch(r".+\.", finding.sentence) for finding in found.findings)
    return {finding.name: finding.sentence for finding in found.findings if not finding.ok}


@pytest.mark.parametrize("name", optimizers.ALLOWED)
def test_torchs_own_classes_pass(name: str) -> None:
    found = checked(OptimizerRow(name, {}, REST if name == "Muon" else None))
    assert tuple(finding.name for finding in found.findings) == NAMES
    if name == "Rprop":
        # true: its learning rate is that of the first step
        assert list(wrong(found)) == ["respects_learning_rate"]
        assert "between steps changes nothing" in wrong(found)["respects_learning_rate"]
    else:
        assert wrong(found) == {}
        assert found.ok
    assert found.can_take_part


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("Lion", 4),
        ("SOAP", 25),
        ("Prodigy", 16),
        ("ScheduleFreeAdamW", 8),
        ("ScheduleFreeSGD", 4),
        ("Lamb", 8),
        ("Adan", 16),
    ],
)
def test_classes_of_a_package_pass(name: str, state: float) -> None:
    found = checked(OptimizerRow(f"{PACKAGE}:{name}"))
    assert wrong(found) == {}
    assert found.state_bytes_per_parameter == pytest.approx(state, rel=0.05)


def test_a_muon_of_a_package_takes_part_with_a_rest() -> None:
    assert wrong(checked(OptimizerRow(f"{PACKAGE}:Muon", {}, REST))) == {}


def test_a_class_that_sets_its_own_rate_is_told_so() -> None:
    found = checked(OptimizerRow(f"{PACKAGE}:AdaFactor"))
    assert list(wrong(found)) == ["respects_learning_rate"]
    assert "all trials of a search would give the same result" in wrong(found)["respects_learning_rate"]
    assert found.can_take_part
    assert not found.ok
    follows = OptimizerRow(f"{PACKAGE}:AdaFactor", {"relative_step": False, "scale_parameter": False})
    assert wrong(checked(follows)) == {}


def test_the_pages_lion_passes_and_is_that_of_the_package(tmp_path: Path) -> None:
    found = checked(own.row_of(tmp_path, own.LION, "Lion"))
    assert wrong(found) == {}
    assert found.state_bytes_per_parameter == pytest.approx(4)
    assert "the first step changes a parameter by 1 times the learning rate" in found.findings[0].sentence


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (own.IGNORES_RATE, {"respects_learning_rate": "built with changes nothing"}),
        (own.KEEPS_RATE, {"respects_learning_rate": r"between steps changes nothing.*read `group\['lr'\]`"}),
        (own.SHARED_STATE, {"steps": "not finite. Two tensors of its state are the same memory"}),
        (own.SHARED_AVERAGE, {"does_not_touch_others": "Two tensors of its state are the same memory"}),
        (own.SHARED_BUFFER, {"does_not_touch_others": "same memory|second instance", "deterministic": "differ"}),
        (own.KEEPS_PARAMETER, {"does_not_touch_others": "is the parameter itself", "decreases_a_quadratic": ""}),
        (own.FROZEN_TOO, {"does_not_touch_others": "has no gradient"}),
        (own.UPHILL, {"decreases_a_quadratic": "wrong sign"}),
        (own.HIDDEN_STATE, {"state_is_saved": "outside its `state`"}),
        (own.OWN_DICE, {"deterministic": "without a seed"}),
        (own.RANDOM, {"no_global_random_numbers": "global stream of torch: a training seeds it, but .* dropout"}),
        (own.NUMPYS_RANDOM, {"no_global_random_numbers": "of numpy: no training seeds", "deterministic": "differ"}),
        (own.SKIPS_VECTORS, {"steps": "1 of 2 tensors of parameters have not changed.*`rest`"}),
        (own.FAILS, {"steps": r"mine.py:Mine cannot step: line \d+: .*momentum lost"}),
        (own.HALF, {"steps": "turned a parameter into torch.float16"}),
        (own.CLOSURE, {"steps": "computes the loss several times in a step .* needs a closure"}),
    ],
)
def test_a_mistake_is_named(source: str, expected: dict[str, str], tmp_path: Path) -> None:
    found = wrong(checked(own.row_of(tmp_path, source)))
    for name, sentence in expected.items():
        assert re.search(sentence, found[name])
    # what else goes wrong is a consequence of the same mistake
    assert len(found) <= len(expected) + 2


def test_a_mistakes_line_is_known_in_a_copy_of_a_file_too(tmp_path: Path) -> None:
    # the same content is loaded once, from where it lay first
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        assert re.search(r"line \d+: KeyError", wrong(checked(own.row_of(folder, own.FAILS)))["steps"])


@pytest.mark.parametrize(
    ("source", "can"),
    [
        (own.ADAM, True),
        (own.IGNORES_RATE, True),
        (own.HIDDEN_STATE, True),
        (own.RANDOM, True),
        (own.NUMPYS_RANDOM, False),
        (own.SHARED_STATE, False),
        (own.FAILS, False),
    ],
)
def test_only_what_spoils_results_keeps_a_class_out(source: str, can: bool, tmp_path: Path) -> None:
    assert checked(own.row_of(tmp_path, source)).can_take_part is can


def test_adam_without_bias_correction_is_another_optimizer_and_its_steps_show_it(tmp_path: Path) -> None:
    found = checked(own.row_of(tmp_path, own.NO_CORRECTION))
    assert wrong(found) == {}
    assert "by 3.16 times the learning rate (root mean square), step 20 by 6.24 times" in found.findings[0].sentence
    right = checked(own.row_of(tmp_path, own.ADAM))
    assert "by 1 times the learning rate (root mean square), step 20 by 1 times" in right.findings[0].sentence


def test_liberties_that_a_class_may_take(tmp_path: Path) -> None:
    assert wrong(checked(own.row_of(tmp_path, own.LIBERAL))) == {}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("LBFGS", "torch.optim.LBFGS computes the loss several times in a step"),
        ("SparseAdam", "torch.optim.SparseAdam takes sparse gradients only"),
        (f"{PACKAGE}:AliG", "needs a closure"),
        (f"{PACKAGE}:SAM", r"wraps another optimizer \(argument 'base_optimizer'\)"),
        (f"{PACKAGE}:Lookahead", r"wraps another optimizer \(argument 'optimizer'\)"),
        (f"{PACKAGE}:AdaHessian", "needs second derivatives"),
    ],
)
def test_a_class_that_needs_more_than_a_gradient_is_told_why(name: str, sentence: str) -> None:
    found = contract.check(OptimizerRow(name), 0.01)
    assert [finding.name for finding in found.findings] == ["steps"]
    assert re.search(f"{sentence}.*cannot take part", wrong(found)["steps"])
    assert not found.can_take_part


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (OptimizerRow("Adamm"), "'Adamm' is not an optimizer that this study knows; did you mean 'Adam'"),
        (OptimizerRow("Adam", {"beta": 1}), "torch.optim.Adam has no argument 'beta'; did you mean 'betas'"),
        (OptimizerRow("Adam", {"amsgrad": "no"}), "amsgrad: found 'no'; it must be true or false"),
        (OptimizerRow(f"{PACKAGE}:AdamMini"), "needs the argument 'model', which has no default"),
    ],
)
def test_a_mistake_of_the_user_is_an_error_without_a_place_in_params(row: OptimizerRow, expected: str) -> None:
    with pytest.raises(SettingsError, match=expected) as caught:
        contract.check(row, 0.01)
    assert "params.yaml" not in str(caught.value)


def test_the_check_leaves_this_process_as_it_was(tmp_path: Path) -> None:
    def state() -> list[Any]:
        of_numpy = str(np.random.get_state())  # noqa: NPY002 - the global one
        return [torch.get_rng_state().tolist(), random.getstate(), of_numpy, torch.get_num_threads()]

    before = [*state(), torch.are_deterministic_algorithms_enabled()]
    checked(own.row_of(tmp_path, own.RANDOM))
    assert [*state(), torch.are_deterministic_algorithms_enabled()] == before


def test_the_page_explains_every_finding() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", own.PAGE.partition("## What the check finds")[2], re.MULTILINE)) == NAMES
