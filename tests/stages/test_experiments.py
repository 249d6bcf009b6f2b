"""DVC's experiments, diffs and plots on a real study."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import sqlite3
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT

if TYPE_CHECKING:
    from tests.conftest import Project

PLOTS = {
    "Training loss",
    "Validation accuracy",
    "Search",
    "Accuracy per class",
    "Confusion matrix of the champion",
}

# columns that DVC puts into CSV and not into its table
HIDDEN = {"rev", "typ", "parent"}


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


def shown_table(project: Project) -> tuple[list[str], list[str]]:
    """Return the columns, and the names of the experiments, in the table that `make experiments` shows."""
    lines = (ROOT / "Makefile").read_text().splitlines()
    command = next(line for line in lines if "dvc exp show" in line).strip().removeprefix("@$(BIN)/").replace("$$", "$")
    command = command.replace("$(BASELINE)", "adam")
    header, *rows = csv.reader(io.StringIO(project.run(*shlex.split(command), "--csv").stdout))
    return header, [row[0] for row in rows]


def test_every_training_is_a_run_exactly_once(finished_study: Project) -> None:
    keys = keys_in_store(finished_study)
    assert len(keys) == len(set(keys))
    assert set(keys) == recorded_keys(finished_study)


def test_an_experiment_on_the_baseline_shows_few_columns_and_short_diffs(study: Project) -> None:
    # changes verdicts and no training, and needs no report: seconds
    study.dvc("exp", "run", "-n", "against_sgd", "-S", "comparison.baseline=sgd", "compare")
    changed = json.loads(study.dvc("metrics", "diff", "--json").stdout)
    assert set(changed) == {"results/summary.json"}
    assert "lead.digits" in changed["results/summary.json"]
    columns, names = shown_table(study)
    assert {"champion", "accuracy.champion", "accuracy.adam", "comparison.baseline"} <= set(columns)
    assert len(set(columns) - HIDDEN) <= 12
    assert "against_sgd" in names
    compared = json.loads(study.dvc("plots", "diff", "HEAD", "workspace", "--json").stdout)["data"]
    assert set(compared) == PLOTS
    for (plot,) in compared.values():
        rows = plot["content"]["data"]["values"]
        assert {row["rev"] for row in rows} == {"HEAD", "workspace"}
    study.commit("Against SGD")
    text = study.run(str(ROOT / ".github" / "what_changes.sh"), "HEAD~1", "HEAD").stdout
    assert re.search(r"^\| comparison\.baseline \| adam +\| sgd +\|$", text, re.MULTILINE)
    assert "| lead.digits" in text
    # the accuracies are what they were
    assert text.count("No change.") == 1


@pytest.mark.slow
def test_an_experiment_on_the_training_changes_metrics_and_plots(study: Project) -> None:
    study.dvc("exp", "run", "-n", "longer", "-S", "problems.digits.epochs=3")
    changed = json.loads(study.dvc("metrics", "diff", "--json").stdout)
    assert "accuracy.adam" in changed["results/summary.json"]
    detail = study.dvc("metrics", "diff", "--json", "--targets", "results/accuracies.json", "results/metrics.json")
    by_file = json.loads(detail.stdout)
    assert "digits.adam" in by_file["results/accuracies.json"]
    assert any(name.startswith("problems.digits.adam.per_class.") for name in by_file["results/metrics.json"])


@pytest.mark.slow
def test_experiment_in_a_temporary_folder_shares_store_and_memo(study: Project) -> None:
    study.run("python", "-m", "pipeline", "ui", "--fill-only")
    before = keys_in_store(study)
    study.dvc("exp", "run", "--temp", "-n", "elsewhere", "-S", "optimizers.adam.default_learning_rate=0.005")
    after = keys_in_store(study)
    assert set(before) < set(after)
    assert len(after) == len(set(after))
    assert "elsewhere" in study.dvc("exp", "list").stdout
    # the workspace itself is as it was
    assert study.dvc("status").stdout.strip() == "Data and pipelines are up to date."


@pytest.mark.slow
def test_two_experiments_are_merged_by_running_what_git_merged(study: Project) -> None:
    for name, setting in {"one": "comparison.alpha=0.1", "two": "optimizers.adam.default_learning_rate=0.003"}.items():
        study.dvc("exp", "run", "--temp", "-n", name, "-S", setting)
        study.dvc("exp", "branch", name, f"try-{name}")
    study.run("git", "merge", "-q", "--no-edit", "try-one")
    stopped = study.run("git", "merge", "--no-edit", "try-two", check=False)
    assert stopped.returncode == 1
    assert "CONFLICT (content): Merge conflict in dvc.lock" in stopped.stdout
    assert "<<<<<<<" not in (study.folder / "dvc.lock").read_text()
    params = study.params()
    assert params["comparison"]["alpha"] == 0.1
    assert params["optimizers"]["adam"]["default_learning_rate"] == 0.003
    output = study.dvc("repro").stdout
    for stage in ("tune@adam", "train@adam"):
        assert f"Stage '{stage}' is cached" in output
    study.commit("merged")
    assert study.dvc("status").stdout.strip() == "Data and pipelines are up to date."
