"""docs/how-to/your-network.md does what it says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings import loading
from tests import studies, yaml_text

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "your-network.md").read_text(encoding="utf-8")
FILE = Path("pipeline/training/networks/residual_cnn.py")
ASKED = """
import json, sys
from dataclasses import replace
from pathlib import Path
from pipeline.training.record import OptimizerRow, Training

row = json.loads(sys.argv[1])
asked = Training("train", "digits", "adam", "residual_cnn", OptimizerRow("Adam"), 0.01, 12, 8, 1, 1, "0" * 64)
asked = replace(asked, schedule=row["schedule"], warmup_fraction=row["warmup_fraction"])
"""
# Trains on the digits, with the schedule of the page's row
TRAIN = f"""{ASKED}
from pipeline.data import preparing
from pipeline.data.problems import digits
from pipeline.training.train import train

preparing.prepare(digits, digits.tiny(), 0.2, 0, Path("learning"), Path("test"))
print(train(asked, Path("learning"), "key").validation_accuracy)
"""
# Prints the key of that training, and of one of another network
KEYS = f"""{ASKED}
from pipeline.running.key import code_fingerprint, key_of

print(*(key_of(replace(asked, network=name), code_fingerprint()) for name in ("residual_cnn", "digits_cnn")))
"""


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project in which the page's file is saved where it says."""
    for name in ("pipeline", "tests/training"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert f"Save this as `{FILE}`" in PAGE
    (tmp_path / FILE).write_text(block("python"), encoding="utf-8")
    return tmp_path


def run(project: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def row() -> dict:
    return yaml_text.load(block("yaml"))["cifar10_residual"]


def test_the_file_passes_the_check_that_the_page_names(project):
    command = re.search(r"^python (-m pytest .*)$", PAGE, re.MULTILINE)[1]
    assert "8 passed" in run(project, *command.split(), "-p", "no:randomly", "-p", "no:cacheprovider")


def test_the_row_is_one_that_params_yaml_takes():
    content = studies.params()
    content["problems"]["cifar10_residual"] = row()
    assert loading.validate(content, "params.yaml").problems["cifar10_residual"].network == FILE.stem


def test_it_learns(project):
    assert float(run(project, "-c", TRAIN, json.dumps(row()))) > 0.5


def test_an_edit_repeats_its_own_trainings_alone(project):
    def keys():
        return run(project, "-c", KEYS, json.dumps(row())).split()

    path, first = project / FILE, keys()
    path.write_text(path.read_text().replace("# the mean over all pixels", "# a comment"))
    assert keys() == first
    path.write_text(path.read_text().replace("Block(16)", "Block(16).requires_grad_()"))
    own, other = keys()
    assert own != first[0]
    assert other == first[1]
