"""dvc.yaml says the truth about what stages depend on."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.import_closure import ROOT, closure

if TYPE_CHECKING:
    from pathlib import Path

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


@pytest.mark.parametrize("name", STAGES)
def test_code_dependencies_are_the_files_that_the_stage_imports(name: str) -> None:
    declared = {dep for dep in STAGES[name]["deps"] if dep.startswith(("pipeline", "stages"))}
    read, imported = {dep for dep in declared if "templates" in dep}, closure(f"stages.{name}")
    assert declared - read == imported, "run `python -m tests.import_closure` to write them into dvc.yaml"
    assert read == ({"pipeline/reporting/templates"} if "pipeline/reporting/html.py" in imported else set())


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


def test_the_closure_sees_imports_inside_functions_and_not_those_for_types(tmp_path: Path) -> None:
    for name, text in {
        "stages/a.py": "from pipeline import b\n",
        "pipeline/b.py": (
            "import typing\n"
            "if typing.TYPE_CHECKING:\n    from pipeline import d\n"
            "def f():\n    from pipeline.c import g\n"
        ),
        "pipeline/c.py": "def g(): ...\n",
        "pipeline/d.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert closure("stages.a", tmp_path) == {"stages/a.py", "pipeline/b.py", "pipeline/c.py"}
