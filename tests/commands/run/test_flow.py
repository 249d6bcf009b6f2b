"""What DVC says of its stages; asked of a real one, in a project of two stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.commands.run import flow
from pipeline.commands.run.flow import Flow
from tests.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path

_FLOW = """
stages:
  make:
    matrix: {name: [a, b]}
    cmd: echo 1 > ${item.name}
    outs: ["${item.name}"]
"""


def test_a_line_names_the_stage_that_runs_or_need_not() -> None:
    assert flow.running("Running stage 'tune@adam':\n") == "tune@adam"
    assert flow.standing("Stage 'tune@adam' didn't change, skipping\n") == "tune@adam"
    assert flow.standing("Stage 'tune@adam' is cached - skipping run, checking out outputs\n") == "tune@adam"
    for line in ("> python -m stages.tune adam\n", "Updating lock file 'dvc.lock'\n", ""):
        assert flow.running(line) is None
        assert flow.standing(line) is None


@pytest.mark.parametrize(
    ("stale", "expected"), [((), False), (("tune@adam",), True), (("tune@sgd",), False), (("prepare@digits",), True)]
)
def test_a_stage_is_stale_itself_or_after_another(stale: tuple[str, ...], expected: bool) -> None:
    assert Flow((), frozenset(stale)).is_stale("tune@adam", after=("prepare",)) is expected


def test_dvc_knows_all_stages_and_which_would_run(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").write_text(_FLOW)
    project = Project(tmp_path)
    project.dvc("init", "--no-scm", "--quiet")
    output = project.dvc("repro", "make@a").stdout
    assert [name for name in map(flow.running, output.splitlines()) if name] == ["make@a"]
    assert flow.ask(tmp_path) == Flow(("make@a", "make@b"), frozenset({"make@b"}))
    assert flow.standing(project.dvc("repro", "make@a").stdout) == "make@a"


def test_a_folder_that_is_no_project_has_no_stages(tmp_path: Path) -> None:
    assert flow.ask(tmp_path) == Flow()
