"""A folder with the settings of a small study of the digits, and a comparison that was made in it."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.project.errors import UserError
from tests import yaml_text
from tests.conftest import small
from tests.studies import params

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

LION = '''
"""Lion (Chen et al., Symbolic Discovery of Optimization Algorithms, 2023)."""

import torch

print("what a file prints is no part of the answer")


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr=3e-3, betas=(0.9, 0.99)):
        super().__init__(params, {"lr": lr, "betas": betas})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            first, second = group["betas"]
            for parameter in group["params"]:
                state = self.state[parameter]
                if "average" not in state:
                    state["average"] = torch.zeros_like(parameter)
                average = state["average"]
                update = (first * average + (1 - first) * parameter.grad).sign()
                parameter.sub_(update, alpha=group["lr"])
                average.mul_(second).add_(parameter.grad, alpha=1 - second)
'''


@dataclass(frozen=True)
class Folder:
    """The current folder: settings, and what comparisons left behind."""

    path: Path

    def compare(self, *arguments: str) -> Result:
        """Type ``compare``; a user's mistake is raised as it is."""
        return CliRunner().invoke(app, ["compare", *arguments], catch_exceptions=False)

    def found(self, *arguments: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.compare(*arguments, "--json").stdout)
        return content

    def refused(self, *arguments: str) -> str:
        """Type ``compare``, which must be refused before any work; return what is said."""
        before = self.files()
        with pytest.raises(UserError) as error:
            self.compare(*arguments)
        assert self.files() == before
        assert "\n" not in str(error.value)
        return str(error.value)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file())

    def memo(self) -> set[str]:
        return {path.name for path in (self.path / ".memo").rglob("*.safetensors")}


@pytest.fixture(autouse=True)
def plain_main(monkeypatch: pytest.MonkeyPatch) -> None:
    # workers import the main module again, and pytest's takes as long as a test
    _without_main(monkeypatch)


def _without_main(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A folder in which nothing was done yet."""
    monkeypatch.chdir(tmp_path)
    return _fresh(tmp_path)


def _fresh(path: Path) -> Folder:
    content = small(params())
    content["execution"]["workers"] = 2
    (path / "params.yaml").write_text(yaml_text.dump(content), encoding="utf-8")
    (path / "lion.py").write_text(LION, encoding="utf-8")
    return Folder(path)


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, dict[str, Any]]:
    """A folder in which Lion was compared with the baseline, and what was found. Shared: nothing may write there."""
    path = tmp_path_factory.mktemp("compared") / "project"
    path.mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(path)
        _without_main(monkeypatch)
        made = _fresh(path)
        # not a generator: the current folder must not stay changed for all tests that follow
        return made, made.found("lion.py:Lion", "--plot", "lion.svg")


@pytest.fixture
def compared(
    first: tuple[Folder, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Folder, dict[str, Any]]:
    """A copy of the folder in which Lion was compared, and what was found there."""
    shutil.copytree(first[0].path, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return Folder(tmp_path / "project"), first[1]
