"""A study of which every training diverges ends in a report that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import copy_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_where_everything_diverges_the_report_says_so(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    params = project.params()
    wild = {"class": "SGD", "arguments": {"momentum": 1e30}, "search": {"lr": {"centre": 1.0}}}
    first, second = params["optimizers"]
    for name in (first, second):
        row = params["optimizers"][name]
        params["optimizers"][name] = {**row, "class": "SGD", "arguments": {"momentum": 1e30}}
    project.write_params(params)
    done = project.dvc("repro", check=False)
    said = done.stdout + done.stderr
    assert wild
    assert "Traceback" not in said, said
    assert done.returncode == 0, said
