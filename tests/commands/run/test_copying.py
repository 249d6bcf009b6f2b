"""A copy of the project never takes the place of somebody's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.commands.run.copying import copy_files
from pipeline.project.errors import UserError
from tests.conftest import ROOT, copy_project

if TYPE_CHECKING:
    from pathlib import Path


def test_a_demo_in_somebodys_project_leaves_it_as_it_is(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    own = tmp_path / "own"
    (own / "pipeline").mkdir(parents=True)
    kept = {own / "pipeline" / "mine.py": "mine", own / "params.yaml": "lr: 1"}
    for path, text in kept.items():
        path.write_text(text)
    done = project.run("python", "-m", "pipeline", "demo", "--folder", str(own), check=False)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {own} is not empty (it has params.yaml) and no earlier copy of this program's: "
        "give the name of a new or empty folder, or remove it.\n"
    )
    assert {path: path.read_text() for path in own.rglob("*") if path.is_file()} == kept


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with pytest.raises(UserError, match="is a file; give the name of a new or empty folder"):
        copy_files(ROOT, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "text"


def test_an_earlier_copy_is_replaced_and_an_empty_folder_is_filled(tmp_path: Path) -> None:
    copy_files(ROOT, tmp_path)
    (tmp_path / "params.yaml").write_text("edited")
    copy_files(ROOT, tmp_path)
    assert (tmp_path / "params.yaml").read_bytes() == (ROOT / "params.yaml").read_bytes()


def test_the_project_itself_is_refused(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    with pytest.raises(UserError, match="not empty"):
        copy_files(project.folder, project.folder)
    assert (project.folder / "pipeline" / "__main__.py").exists()
