"""What is imported is asked for, and what is asked for is locked."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPENDENCIES = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
DEVELOPMENT = [Requirement(text) for text in PYPROJECT["dependency-groups"]["dev"]]
OPTIONAL = {
    name: [Requirement(text) for text in some] for name, some in PYPROJECT["project"]["optional-dependencies"].items()
}
EXTRAS = [one for some in OPTIONAL.values() for one in some]
EXAMPLES, RAY = OPTIONAL["examples"], OPTIONAL["ray"]
OURS = {"pipeline", "stages", "benchmarks", "tests", "pool_tasks"}


def imported(folders: tuple[str, ...]) -> set[str]:
    """Return the packages that a folder's modules import, of others than Python and this project."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    names = {name.partition(".")[0] for path in paths for name in modules(path)}
    return names - OURS - sys.stdlib_module_names


def modules(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize(
    ("folders", "asked_for"),
    [
        (("pipeline", "stages"), DEPENDENCIES + EXTRAS),
        (("benchmarks", "tests"), DEPENDENCIES + EXTRAS + DEVELOPMENT),
    ],
)
def test_what_is_imported_is_asked_for(folders: tuple[str, ...], asked_for: list[Requirement]) -> None:
    names = {canonicalize_name(one.name) for one in asked_for}
    providers = packages_distributions()
    # a package that is not installed, as ray may be, has its distribution's name
    found = {name: {canonicalize_name(one) for one in providers.get(name, [name])} for name in imported(folders)}
    assert found.keys() >= {"numpy", "torch", "ruamel"}
    assert [name for name, provided_by in found.items() if not provided_by & names] == []


def test_what_is_asked_for_is_locked() -> None:
    study, tools, ray = (locked(name) for name in ("requirements", "requirements-dev", "requirements-ray"))
    for some, there in ((DEPENDENCIES + EXAMPLES, study), (DEVELOPMENT, study | tools), (RAY, ray)):
        for one in some:
            assert one.specifier.contains(there[canonicalize_name(one.name)], prereleases=True), one


def test_a_second_lock_has_only_what_the_first_one_lacks() -> None:
    study = locked("requirements").keys()
    beyond = [locked(f"requirements-{name}").keys() for name in ("dev", "gpu", "ray")]
    assert [study & some for some in beyond] == [set()] * 3
    assert beyond[1] >= {"triton", "nvidia-cusolver"}
    assert not beyond[0] & beyond[1]


def locked(name: str) -> dict[str, Version]:
    lines = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;]+)", (ROOT / f"{name}.lock").read_text(), re.MULTILINE)
    return {canonicalize_name(package): Version(version) for package, version in lines}
