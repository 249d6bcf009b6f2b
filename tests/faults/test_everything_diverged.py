"""A study of which every training diverges ends in a report that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.conftest import copy_project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_where_everything_diverges_the_report_says_so(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    params = project.params()
    for name, rate in zip(params["optimizers"], (0.1, 0.2), strict=True):
        row = params["optimizers"][name]
        search = {"learning_rate": {"log_uniform": [rate / 10, rate * 10]}}
        params["optimizers"][name] = {"label": row["label"], "class": "SGD", "arguments": {"momentum": 1e30}}
        params["optimizers"][name]["search"] = search
    project.write_params(params)
    done = project.dvc("repro", check=False)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert done.returncode == 0, said
    for text in (
        project.run("python", "-m", "pipeline", "summary").stdout,
        (project.folder / "reports/report.md").read_text(),
    ):
        assert "every training diverged, so there is nothing to compare" in " ".join(text.split())
    picture = project.folder / "digit.png"
    Image.new("L", (8, 8)).save(picture)
    refused = project.run("python", "-m", "pipeline", "predict", str(picture), check=False)
    assert refused.returncode == 2
    assert "every training on digits diverged" in refused.stderr
