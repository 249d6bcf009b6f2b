"""What works right after `git clone`, before any run: the results and the champion lie in git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def clone(finished_study: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("clones") / "clone"
    finished_study.run("git", "clone", "-q", ".", str(folder))
    assert not [name for name in ("runs", "data", ".memo", "mlflow.db") if (folder / name).exists()]
    return Project(folder)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("summary", "/reports/report.html (or report.md beside it)"),
        ("optimizers", "digits 0."),
        ("recommend", "results/recommendations.json"),
        ("judge results/runs.csv", "Understood: 4 rows"),
        ("reproduce", "digits: bit-identical"),
    ],
)
def test_a_command_answers(clone: Project, command: str, said: str) -> None:
    done = clone.run("python", "-m", "pipeline", *command.split(), check=False)
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "not tuned yet" not in done.stdout


def test_the_champion_comes_with_the_clone(clone: Project, finished_study: Project, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "black.png")
    done = clone.run("python", "-m", "pipeline", "predict", str(tmp_path / "black.png"))
    commit = clone.run("git", "log", "-1", "--format=%h").stdout.strip()
    assert done.stdout.rstrip().endswith(f"commit {commit}")
    weights = "models/champion.safetensors"
    clone.dvc("get", str(clone.folder), weights, "-o", str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == (finished_study.folder / weights).read_bytes()
