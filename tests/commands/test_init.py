"""A project folder of one's own."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.project import shipped
from pipeline.project.errors import UserError
from tests.conftest import ROOT, Project

if TYPE_CHECKING:
    from pathlib import Path


def init(folder: Path) -> str:
    return CliRunner().invoke(app, ["init", str(folder)], catch_exceptions=False).stdout


def files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_the_folder_is_a_project_in_which_the_commands_work(tmp_path: Path) -> None:
    said = init(tmp_path / "mine")
    project = Project(tmp_path / "mine")
    for name in (*shipped.FILES, "pipeline"):
        assert (project.folder / name).exists(), name
    assert files(project.folder / "pipeline") == files(ROOT / "pipeline")
    assert "a git repository of its own" in said
    project.commit("a new study")
    assert "Best on" in project.run("python", "-m", "pipeline", "summary").stdout
    assert "tune@adam" in project.dvc("stage", "list").stdout
    assert project.run("git", "status", "--porcelain").stdout == ""


def test_in_a_repository_no_second_one_is_made(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert "part of the git repository around it" in init(tmp_path / "mine")
    assert not (tmp_path / "mine" / ".git").exists()


def test_without_git_the_command_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in init(tmp_path / "mine")
    assert (tmp_path / "mine" / "params.yaml").exists()


def test_an_empty_folder_is_used_and_any_other_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    init(tmp_path / "mine")
    before = files(tmp_path)
    with pytest.raises(UserError, match="mine is not empty"):
        init(tmp_path / "mine")
    with pytest.raises(UserError, match=r"params.yaml is a file"):
        init(tmp_path / "mine" / "params.yaml")
    assert files(tmp_path) == before
