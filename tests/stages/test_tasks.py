"""A regression and a next-token problem beside the digits, through every stage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.tracking import connection
from tests.conftest import copy_project

if TYPE_CHECKING:
    from pathlib import Path

DIABETES = """
from sklearn.datasets import load_diabetes
from pipeline.data.splits import random
from pipeline.prepared.examples import Examples, LabelledData

TITLE, DESCRIPTION, ARCHIVE, TASK = "Diabetes", "How far the disease has come.", None, "regression"

def load(raw):
    bunch = load_diabetes()
    train, test = random(len(bunch.data), 88, 0)
    examples = Examples(bunch.data, bunch.target)
    return LabelledData(examples.take(train), examples.take(test), ("progression",))
"""
SONG = """
import numpy as np
from pipeline.prepared.examples import Examples, LabelledData

TITLE, DESCRIPTION, ARCHIVE, TASK = "Song", "Which letter follows in a song.", None, "next_token"
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz ")

def load(raw):
    text = "row row row your boat gently down the stream merrily merrily merrily merrily life is but a dream " * 40
    ids = np.array([LETTERS.index(letter) for letter in text])[: 290 * 13].reshape(-1, 13)
    examples = Examples(ids[:, :-1], ids[:, 1:])
    return LabelledData(examples.take(np.arange(240)), examples.take(np.arange(240, 290)), LETTERS)
"""
ROWS = {
    "song": {"network": "causal_transformer", "epochs": 1, "batch_size": 16, "measure": "loss"},
    "diabetes": {"network": "linear", "epochs": 2, "batch_size": 16, "targets": {"train_loss": [0.9]}},
}


@pytest.mark.slow
def test_problems_without_an_accuracy_go_through_every_stage_to_the_report(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    for name, text in (("diabetes", DIABETES), ("song", SONG)):
        (project.folder / f"pipeline/data/problems/{name}.py").write_text(text, encoding="utf-8")
    params = project.params()
    params["problems"] = ROWS | params["problems"]
    params["data"]["sets"] |= {name: {"validation_fraction": 0.2} for name in ROWS}
    project.write_params(params)
    project.dvc("repro", **{connection.TRACKING: connection.LATER})

    results = project.folder / "results"
    metrics = json.loads((results / "metrics.json").read_text())["problems"]
    for name in ROWS:
        assert {found["measure"] for found in metrics[name].values()} == {"loss"}
    assert metrics["diabetes"]["adam"]["test_accuracy"] is None
    assert metrics["song"]["adam"]["test_accuracy"]["mean"] > 0
    summary = json.loads((results / "summary.json").read_text())
    assert set(summary["loss"]) == {"champion", "sgd", "adam"}
    assert set(summary["lead"]) == {"digits"}
    report, details = ((project.folder / "reports" / f"{name}.md").read_text() for name in ("report", "details"))
    assert "reaches the lowest test loss" in report
    assert "| test loss (nats) |" in report
    assert "| test loss (squared error) |" in details
    assert "Test accuracy on Handwritten digits" in details
    # their models are logged as well
    filled = project.run("python", "-m", "pipeline", "ui", "--fill-only")
    assert "runs written" in filled.stderr
    assert "warning" not in filled.stderr
