"""The five exercises run as they lie here, and show what the page for teachers says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.conftest import ROOT
from tests.notebooks.test_first_look import execute, outputs

if TYPE_CHECKING:
    from pathlib import Path

EXERCISES = sorted((ROOT / "notebooks").glob("exercise_*.ipynb"))
TEACHING = (ROOT / "docs" / "first-steps" / "teaching.md").read_text(encoding="utf-8")


def seen(number: str) -> str:
    """Return the paragraph of the page that says what is seen in an exercise."""
    found = re.search(rf"^\*\*{number}\. .*?(?=\n\n)", TEACHING, re.DOTALL | re.MULTILINE)
    assert found
    return found[0]


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_an_exercise_lies_in_git_without_outputs_and_is_named_for_teachers(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert f"../../notebooks/{path.name}" in TEACHING
    number = path.stem.split("_")[1]
    assert notebook.cells[0].source.startswith(f"# Exercise {number}: ")
    assert len(seen(number)) > 100


@pytest.mark.slow
@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_an_exercise_runs_and_shows_what_the_page_says(path: Path, tmp_path: Path) -> None:
    notebook = execute(nbformat.read(path, as_version=4), tmp_path)
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    shown = printed + "".join(outputs(notebook, "text/html") + outputs(notebook, "text/plain"))
    assert shown
    number = path.stem.split("_")[1]
    # what was trained while it ran (1 and 4) may differ in its last digits from one machine to another
    if number in "235":
        asked = "".join(cell.source for cell in notebook.cells)
        figures = re.findall(r"\d+\.\d+", seen(number))
        assert len(figures) > 5
        assert [figure for figure in figures if figure not in shown + asked] == []


def test_five_exercises() -> None:
    assert len(EXERCISES) == 5
