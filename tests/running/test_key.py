"""What decides an outcome is in its key, and nothing else is."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import shutil
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.project.errors import SettingsError
from pipeline.running import key
from pipeline.running.key import code_fingerprint, key_of, network_files, network_fingerprint
from pipeline.training.record import OptimizerRow, Training
from tests.running.helpers import task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NETWORKS = network_files()
DECIDING = sorted(
    path for folder in key.DECIDING for path in (key.PACKAGE / folder).rglob("*.py") if path not in NETWORKS.values()
)
CHANGES: dict[str, Any] = {
    "kind": "tune",
    "problem": "other",
    "optimizer": "other",
    "network": "wide_cnn",
    "row": OptimizerRow("Adam", {"eps": 1e-7}),
    "learning_rate": 0.002,
    "epochs": 2,
    "batch_size": 16,
    "validations_per_epoch": 5,
    "seed": 9,
    "data": "1" * 64,
    "precision": "bfloat16",
    "device": "cuda",
    "convolution": "torch",
    "schedule": "linear",
    "warmup_fraction": 0.1,
    "stop_if_hopeless": True,
}


def test_all_that_decides_an_outcome_is_in_its_key() -> None:
    assert CHANGES.keys() == {field.name for field in fields(Training)}
    changed = [key_of(replace(task(), **{name: value}), "code") for name, value in CHANGES.items()]
    assert len({key_of(task(), "code"), key_of(task(), "other code"), *changed}) == len(CHANGES) + 2
    assert len(key_of(task(), "code")) == 32


def test_equal_settings_have_equal_keys() -> None:
    asked, again = (
        task(row=OptimizerRow("Adam", dict(items))) for items in ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)])
    )
    assert key_of(asked, "code") == key_of(again, "code")
    assert hash(asked) == hash(again)


def test_the_folder_of_an_optimizers_file_does_not_count_but_its_content_and_its_class_do() -> None:
    def key(path: str, identity: str, rest: OptimizerRow | None = None) -> str:
        return key_of(task(row=OptimizerRow(path, {}, rest, identity)), "code")

    lion = key("lion.py:Lion", "sha256:1")
    assert key("optimizers/lion.py:Lion", "sha256:1") == key("/elsewhere/lion.py:Lion", "sha256:1") == lion
    assert len({lion, key("lion.py:Tiger", "sha256:1"), key("lion.py:Lion", "sha256:2")}) == 3
    here, there = (OptimizerRow(f"{folder}/x.py:X", {}, None, "sha256:3") for folder in "ab")
    assert key("lion.py:Lion", "sha256:1", here) == key("lion.py:Lion", "sha256:1", there) != lion


# Code


@pytest.fixture
def edited(copied: Any) -> Callable[[str, Callable[[str], str]], str]:
    """Return the fingerprint of a copy of the package in which one file was edited."""
    return lambda name, edit: code_fingerprint(package=copied(name, edit))


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str, Callable[[str], str]], Path]:
    """Return a copy of the package in which one file was edited."""

    def copied(name: str, edit: Callable[[str], str]) -> Path:
        copy = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(key.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert edit(text) != text
        path.write_text(edit(text), encoding="utf-8")
        return copy

    return copied


def _other_docstrings(text: str) -> str:
    """Replace all docstrings, those of attributes as well; the code is only formatted again."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            node.value = ast.Constant("Something else.")
    return ast.unparse(tree)


@pytest.mark.parametrize("path", DECIDING, ids=lambda path: str(path.relative_to(key.PACKAGE)))
def test_words_and_imports_within_the_project_repeat_no_training(path: Path, edited: Any) -> None:
    def imports(text: str) -> str:
        assert "from __future__ import annotations\n" in text
        new = "from pipeline.results import tables\nimport pipeline.console.quiet\n"
        block = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pipeline.results import cost\n"
        future = "from __future__ import annotations\n"
        typing = block if "import TYPE_CHECKING" in text else ""
        return text.replace(future, future + new) + typing.replace("from typing import TYPE_CHECKING\n", "")

    name = str(path.relative_to(key.PACKAGE))
    before = code_fingerprint()
    assert edited(name, lambda text: text + "\n\n# a comment\n") == before
    assert edited(name, _other_docstrings) == before
    if path.name != "__init__.py":
        assert edited(name, imports) == before


@pytest.mark.parametrize(
    "name", ["running/refusals.py", "project/errors.py", "project/wording.py", "console/progress.py", "running/rows.py"]
)
def test_a_sentence_repeats_no_training(name: str, edited: Any) -> None:
    assert edited(name, lambda text: re.sub(r"(?<=[a-z]) (?=[a-z])", "  ", text)) == code_fingerprint()


@pytest.mark.parametrize("path", DECIDING, ids=lambda path: str(path.relative_to(key.PACKAGE)))
def test_code_is_code(path: Path, edited: Any) -> None:
    name = str(path.relative_to(key.PACKAGE))
    assert edited(name, lambda text: text + "\n\nEXTRA = 1\n") != code_fingerprint()


@pytest.mark.parametrize(
    ("name", "found", "instead"),
    [
        ("training/train.py", "POINTS_PER_EPOCH = 10", "POINTS_PER_EPOCH = 20"),
        ("training/convolution/network.py", "kernel_size=2", "kernel_size=3"),
        ("training/networks/__init__.py", "torch.float32", "torch.float64"),
        ("training/convolution/layer.py", "_VECTOR = 16", "_VECTOR = 8"),
        ("training/optimizers/building.py", '"fused", True', '"fused", False'),
        ("prepared/reader.py", "{part}_inputs.npy", "{part}_input.npy"),
    ],
)
def test_a_number_repeats_the_trainings(name: str, found: str, instead: str, edited: Any) -> None:
    assert edited(name, lambda text: text.replace(found, instead)) != code_fingerprint()


@pytest.mark.parametrize("name", ["training/more.py", "training/convolution/more.py", "prepared/more.py"])
def test_a_new_file_repeats_the_trainings(name: str, edited: Any) -> None:
    assert edited(name, lambda _: "RATE = 1\n") != code_fingerprint()


# Networks


GOOD = "from torch import nn\ndef build(shape, outputs, convolution):\n    return nn.Linear(shape[0], outputs)\n"


def test_an_edited_network_repeats_its_own_trainings_and_no_others(copied: Any) -> None:
    copy = copied("training/networks/wide_cnn.py", lambda text: text.replace("(128,)", "(127,)"))
    assert code_fingerprint(package=copy) == code_fingerprint()
    changed = [name for name in NETWORKS if network_fingerprint(name, copy) != network_fingerprint(name)]
    assert changed == ["wide_cnn"]


def test_an_added_network_repeats_no_training(copied: Any) -> None:
    copy = copied("training/networks/mine.py", lambda _: GOOD)
    assert code_fingerprint(package=copy) == code_fingerprint()
    assert [network_fingerprint(name, copy) for name in NETWORKS] == [network_fingerprint(name) for name in NETWORKS]
    assert len({network_fingerprint(name, copy) for name in [*NETWORKS, "mine"]}) == len(NETWORKS) + 1


@pytest.mark.parametrize("name", NETWORKS)
def test_words_in_a_network_repeat_no_training(name: str, copied: Any) -> None:
    path = f"training/networks/{name}.py"
    for edit in (lambda text: text + "\n\n# a comment\n", _other_docstrings):
        assert network_fingerprint(name, copied(path, edit)) == network_fingerprint(name)
    assert network_fingerprint(name, copied(path, lambda text: text + "\nX = 1\n")) != network_fingerprint(name)


def test_a_network_without_a_file_has_no_key() -> None:
    with pytest.raises(SettingsError, match=r"network 'digits_cn' is unknown; did you mean 'digits_cnn'"):
        key_of(task(network="digits_cn"), "code")


@pytest.mark.parametrize(
    "line",
    [
        "import math",
        "import os.path",
        "from torch.nn import functional as F",
        "import numpy as np",
        "from pipeline.training.convolution.layer import conv_pool_relu",
        "from pipeline.training.record import Convolution",
        "from pipeline.prepared.refusal import Refusal",
    ],
)
def test_a_network_may_import_what_is_in_every_key(line: str, copied: Any) -> None:
    assert network_fingerprint("mine", copied("training/networks/mine.py", lambda _: f"{line}\n{GOOD}"))


def test_the_version_of_another_package_is_in_the_key(copied: Any, monkeypatch: Any) -> None:
    copies = [copied("training/networks/mine.py", lambda _: f"import torchvision.models\n{GOOD}") for _ in range(2)]
    first = network_fingerprint("mine", copies[0])
    version = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0" if name == "torchvision" else version(name))
    assert network_fingerprint("mine", copies[1]) != first


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("from pipeline.training.networks.wide_cnn import build as wide", "pipeline.training.networks.wide_cnn.build"),
        ("from pipeline.training import networks", "pipeline.training.networks"),
        ("from . import wide_cnn", ".wide_cnn"),
        ("from .wide_cnn import build as wide", ".wide_cnn.build"),
        ("from pipeline.project import numbers", "pipeline.project.numbers"),
        ("import my_own_layers", "my_own_layers"),
    ],
)
def test_code_that_no_key_would_hold_is_refused(line: str, named: str, copied: Any) -> None:
    copy = copied("training/networks/mine.py", lambda _: f"{line}\n{GOOD}")
    with pytest.raises(SettingsError) as caught:
        network_fingerprint("mine", copy)
    assert str(caught.value).startswith(f"pipeline/training/networks/mine.py imports {named}: what that holds would")


def test_a_network_that_is_not_python_is_one_sentence(copied: Any) -> None:
    copy = copied("training/networks/mine.py", lambda _: "\ndef build(:\n")
    with pytest.raises(
        SettingsError, match=r"^pipeline/training/networks/mine.py, line 2: SyntaxError: invalid syntax\.$"
    ):
        network_fingerprint("mine", copy)


@pytest.mark.parametrize("library", ["torch", "numpy", "numba"])
def test_the_versions_of_the_libraries_that_compute_count(library: str, monkeypatch: Any, edited: Any) -> None:
    version = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0" if name == library else version(name))
    assert edited("training/train.py", lambda text: text + "\n") != code_fingerprint()


def test_further_files_count_where_they_decide_what_is_asked_for() -> None:
    alone, further = code_fingerprint(), code_fingerprint("evaluation/assessment.py")
    assert alone != further
    assert further != code_fingerprint("evaluation/metrics.py")


@pytest.mark.parametrize("path", [*DECIDING, *NETWORKS.values()], ids=lambda path: str(path.relative_to(key.PACKAGE)))
def test_no_sentence_stands_where_words_would_be_code(path: Path) -> None:
    texts = [text for text in _texts(ast.parse(path.read_text(encoding="utf-8"))) if _is_sentence(text)]
    assert texts == []


def _texts(tree: ast.AST) -> Iterator[str]:
    """Yield all text but docstrings."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        yield from _texts(node)


def _is_sentence(text: str) -> bool:
    return re.search(r"[^\W\d_]{2,}[,;:]? [^\W\d_]+[,;:]? [^\W\d_]+", text) is not None


def test_a_sentence_would_be_found() -> None:
    tree = ast.parse(
        'def f():\n    """A docstring may say anything."""\n    raise E(f"images of {n} pixels are too small")'
    )
    assert [text for text in _texts(tree) if _is_sentence(text)] == [" pixels are too small"]
