"""The notebook as a student runs it, and what a mistake looks like in a notebook."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT, clean_environment

if TYPE_CHECKING:
    from pathlib import Path

PATH = ROOT / "notebooks" / "first_look.ipynb"


def execute(notebook: Any, folder: Path, **options: Any) -> Any:
    """Run all cells of a notebook in a folder, with this code as if it were installed."""
    environment = clean_environment() | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}, **options)
    return client.execute(env=environment)


def outputs(notebook: Any, kind: str) -> list[str]:
    """Return the outputs of all cells in one format: ``text/html``, ``image/png``, …."""
    found = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data[kind] for output in found if kind in output.get("data", {})]


def test_it_lies_in_git_without_outputs_and_without_a_path_of_somebodys_machine() -> None:
    notebook = nbformat.read(PATH, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert not [word for word in ("/home/", "/work/", "/root/", "/Users/", "C:\\") if word in PATH.read_text("utf-8")]


@pytest.mark.slow
def test_every_cell_runs_and_shows_what_the_text_says(tmp_path: Path) -> None:
    notebook = execute(nbformat.read(PATH, as_version=4), tmp_path)
    pages = outputs(notebook, "text/html")
    assert len(outputs(notebook, "image/png")) == 1
    assert all(page.count("<table") == page.count("</table>") >= 1 for page in pages)
    assert len(pages) == 6
    assert "Adam" in pages[0]
    assert "SignMomentum" in pages[-1]


def test_a_users_mistake_is_one_sentence_without_a_traceback(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("import pipeline\npipeline.load_results('nowhere')")
    notebook = execute(nbformat.v4.new_notebook(cells=[cell]), tmp_path, allow_errors=True)
    [error] = notebook.cells[0].outputs
    assert error.ename == "SettingsError"
    [shown] = error.traceback
    assert shown.startswith("error: params.yaml is not in ")
