"""dvc.yaml says the truth about what stages depend on: folders of code, none of them idle."""

from __future__ import annotations

import ast
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests import yaml_text
from tests.conftest import ROOT, copy_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGES = yaml_text.load((ROOT / "dvc.yaml").read_text())["stages"]
# they watch; no result depends on them
OBSERVERS = {"pipeline/console", "pipeline/tracking"}


# packages whose files are found by name
REGISTRIES = ("pipeline/comparison/claims", "pipeline/data/problems", "pipeline/reporting/sections")


def closure(stage: str) -> set[str]:
    """Return the folders of pipeline/ (or its own files) that a stage's imports lie in, observers left out."""
    seen: set[Path] = set()
    pending = {ROOT / "stages" / f"{stage}.py"}
    while pending:
        path = pending.pop()
        seen.add(path)
        pending |= {found for found in imported(path) if found not in seen and folder(found) not in OBSERVERS}
    return {folder(path) for path in seen if path.is_relative_to(ROOT / "pipeline")} - {"pipeline/__init__.py"}


def folder(path: Path) -> str:
    """Return what dvc.yaml calls a file: its folder of pipeline/, or itself where it lies in none."""
    return "/".join(path.relative_to(ROOT).parts[:2])


@cache
def imported(path: Path) -> frozenset[Path]:
    """Return the files that a file imports, at its top or inside a function, not for types alone."""
    names = _names(ast.parse(path.read_text(encoding="utf-8")))
    bases = [ROOT.joinpath(*name.split(".")) for name in names if name.startswith("pipeline.")]
    found = {file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py") if file.exists()}
    registries = [ROOT / folder for folder in REGISTRIES if ROOT / folder / "__init__.py" in found]
    return frozenset(found.union(*(folder.glob("*.py") for folder in registries)))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _names(node)


def declared(stage: str) -> set[str]:
    return {dep for dep in STAGES[stage]["deps"] if dep.startswith("pipeline/")}


@pytest.mark.parametrize("name", STAGES)
def test_every_import_of_a_stage_lies_in_a_folder_that_it_names_and_none_is_idle(name: str) -> None:
    assert f"stages/{name}.py" in STAGES[name]["deps"]
    assert declared(name) == closure(name)


def test_what_loads_the_classes_of_optimizers_depends_on_their_files() -> None:
    assert {name for name, stage in STAGES.items() if "optimizers" in stage["deps"]} == {"tune", "train", "cost"}
    # git keeps no empty folder, and DVC refuses to run without a dependency
    assert (ROOT / "optimizers" / "README.md").exists()


def test_no_stage_depends_on_what_only_watches() -> None:
    assert {dep for stage in STAGES.values() for dep in stage["deps"]}.isdisjoint(OBSERVERS)


def test_the_flow_is_short() -> None:
    code = [dep for stage in STAGES.values() for dep in stage["deps"] if dep.startswith(("pipeline", "stages"))]
    assert len(code) <= 60
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 225
    assert all(4 <= len(declared(name)) + 1 <= 9 for name in STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_has_a_thin_entry_point_of_its_own(name: str) -> None:
    assert STAGES[name]["cmd"].startswith(f"python -m stages.{name}")
    code = (ROOT / "stages" / f"{name}.py").read_text().splitlines()
    assert len(code) <= 90, "a stage reads params, calls the library and writes files; move the rest to pipeline/"


@pytest.mark.parametrize("name", ["tune", "train"])
def test_the_test_set_is_out_of_reach_of_tuning_and_training(name: str) -> None:
    assert not [dep for dep in STAGES[name]["deps"] if "data/prepared/test".startswith(dep) or "prepared/test" in dep]


def test_only_evaluate_depends_on_the_test_set() -> None:
    readers = {name for name, stage in STAGES.items() if any("prepared/test" in dep for dep in stage["deps"])}
    assert readers == {"evaluate"}


@pytest.mark.parametrize("name", ["tune", "train"])
def test_stages_that_train_have_cached_outputs_only(name: str) -> None:
    # one uncached output would switch off the run-cache of the whole stage
    assert all(isinstance(out, str) for out in STAGES[name]["outs"])


def test_git_never_merges_by_lines_what_the_pipeline_writes(tmp_path: Path) -> None:
    entries = [entry for stage in STAGES.values() for entry in [*stage.get("outs", []), *stage.get("metrics", [])]]
    in_git = [path for entry in entries if isinstance(entry, dict) for path in entry if "cache" in entry[path]]
    written = ["dvc.lock", "reports/figures/cost.svg", *(path for path in in_git if path != "reports")]
    assert "results/summary.json" in written
    # a repository of its own: the project may have been unpacked without one
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    asked = subprocess.run(
        ["git", "check-attr", "merge", "--", *written], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    assert asked.splitlines() == [f"{path}: merge: unset" for path in written]


def test_git_on_windows_leaves_the_bytes_that_stages_depend_on(tmp_path: Path) -> None:
    project, clone = copy_project(tmp_path / "project").folder, tmp_path / "clone"
    # the default of Git for Windows
    subprocess.run(["git", "clone", "-q", "-c", "core.autocrlf=true", project, clone], check=True)
    code = [path.relative_to(clone) for name in ("pipeline", "stages") for path in (clone / name).rglob("*.py")]
    assert len(code) > 100
    assert [path for path in code if (clone / path).read_bytes() != (project / path).read_bytes()] == []
