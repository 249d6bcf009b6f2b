"""DVC's experiments, diffs and plots on a real study."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Project


def keys_in_store(project: Project) -> list[str]:
    store = sqlite3.connect(project.folder / "mlflow.db")
    try:
        rows = store.execute(
            "select t.value from tags t join runs r on r.run_uuid = t.run_uuid "
            "where t.key = 'key' and r.lifecycle_stage = 'active'"
        )
        return sorted(row[0] for row in rows)
    finally:
        store.close()


def recorded_keys(project: Project) -> set[str]:
    files = [*project.folder.glob("runs/tune/*/trials.json"), *project.folder.glob("runs/train/*/trainings.json")]
    return {record["key"] for file in files for record in json.loads(file.read_text())}


def test_every_training_is_a_run_exactly_once(finished_study: Project) -> None:
    keys = keys_in_store(finished_study)
    assert len(keys) == len(set(keys))
    assert set(keys) == recorded_keys(finished_study)


def test_a_lost_store_is_filled_again_and_never_twice(study: Project) -> None:
    for _ in range(2):
        study.run("python", "-m", "pipeline", "ui", "--fill-only")
        keys = keys_in_store(study)
        assert len(keys) == len(set(keys))
        assert set(keys) == recorded_keys(study)


def test_experiment_in_the_workspace_and_what_the_diffs_say(study: Project) -> None:
    study.dvc("exp", "run", "-n", "longer", "-S", "problems.digits.epochs=3")
    shown = json.loads(study.dvc("params", "diff", "--json").stdout)
    assert shown["params.yaml"]["problems.digits.epochs"] == {"old": 2, "new": 3, "diff": 1}
    changed = json.loads(study.dvc("metrics", "diff", "--json").stdout)["results/metrics.json"]
    assert "digits.adam.test_accuracy.mean" in changed
    assert any(name.startswith("digits.adam.per_class.") for name in changed)
    assert "longer" in study.dvc("exp", "show", "--only-changed").stdout
    study.dvc("plots", "diff", "HEAD", "--out", "plots")
    page = (study.folder / "plots" / "index.html").read_text()
    for title in ("Training loss", "Validation accuracy", "Learning rates", "Accuracy per class", "Confusion matrix"):
        assert title in page


@pytest.mark.slow
def test_experiment_in_a_temporary_folder_shares_store_and_memo(study: Project) -> None:
    study.run("python", "-m", "pipeline", "ui", "--fill-only")
    before = keys_in_store(study)
    study.dvc("exp", "run", "--temp", "-n", "elsewhere", "-S", "optimizers.adam.learning_rate=0.005")
    after = keys_in_store(study)
    assert set(before) < set(after)
    assert len(after) == len(set(after))
    assert "elsewhere" in study.dvc("exp", "list").stdout
    # the workspace itself is as it was
    assert study.dvc("status").stdout.strip() == "Data and pipelines are up to date."
