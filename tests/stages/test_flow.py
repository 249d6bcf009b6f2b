"""The flow under real DVC: what reruns, what does not, and that the same bytes come out."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.tracking import connection

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Project


# Where a test does not look into the store: recording costs every stage the import of MLflow
UNRECORDED = {connection.TRACKING: connection.LATER}


def ran(output: str) -> list[str]:
    return re.findall(r"Running stage '([^']+)'", output)


def trainings_done(project: Project) -> dict[str, int]:
    """Return by stage how many trainings the log says were run again, since the log was last removed."""
    lines = (project.folder / "logs" / "timings.jsonl").read_text().splitlines()
    return {entry["stage"]: entry["trainings"] for entry in map(json.loads, lines)}


def hashes(project: Project, *folders: str) -> dict[str, str]:
    files = [path for folder in folders for path in (project.folder / folder).rglob("*") if path.is_file()]
    return {str(p.relative_to(project.folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def metrics(project: Project) -> Any:
    return json.loads((project.folder / "results" / "metrics.json").read_text())["problems"]


def test_a_study_has_metrics_and_a_report(finished_study: Project) -> None:
    found = metrics(finished_study)["digits"]
    assert list(found) == ["sgd", "adam"]
    adam = found["adam"]
    assert len(adam["test_accuracy"]["seeds"]) == 2
    assert 0.5 < adam["test_accuracy"]["mean"] <= 1
    assert set(adam["per_class"]) == set("0123456789")
    assert adam["diverged"] == []
    assert [len(adam["search"][name]) for name in ("survivors", "picked")] == [2, 2]
    for name in ("report.html", "report.md"):
        assert "Adam" in (finished_study.folder / "reports" / name).read_text()


def test_repro_again_does_nothing(finished_study: Project) -> None:
    output = finished_study.dvc("repro").stdout
    assert ran(output) == []
    assert "up to date" in output


def test_a_changed_row_reruns_that_optimizer_alone(study: Project) -> None:
    before = hashes(study, "runs/tune/sgd", "runs/train/sgd")
    (study.folder / "logs" / "timings.jsonl").unlink()
    params = study.params()
    params["optimizers"]["adam"]["arguments"] = {"betas": [0.8, 0.99]}
    study.write_params(params)
    stages = ran(study.dvc("repro", "evaluate", **UNRECORDED).stdout)
    assert set(stages) == {"tune@adam", "train@adam", "evaluate"}
    # what comes after would run as well, and nothing else
    assert set(json.loads(study.dvc("status", "--json").stdout)) == {"cost", "compare", "report"}
    done = trainings_done(study)
    # the default setting and three points, perhaps one beyond them; two survivors with two seeds each
    assert done["tune@adam"] >= 4
    assert done["train@adam"] == 4
    assert hashes(study, "runs/tune/sgd", "runs/train/sgd") == before


def test_an_edited_file_of_an_optimizer_makes_exactly_the_stages_stale_that_load_classes(study: Project) -> None:
    cached = study.folder / "optimizers" / "__pycache__"
    cached.mkdir()
    (cached / "mine.pyc").touch()
    assert json.loads(study.dvc("status", "--json").stdout) == {}
    (study.folder / "optimizers" / "mine.py").write_text("# an optimizer\n")
    stale = json.loads(study.dvc("status", "--json").stdout)
    assert set(stale) == {"tune@sgd", "tune@adam", "train@sgd", "train@adam", "cost"}


@pytest.mark.slow
def test_after_an_edit_that_optimizer_alone_is_trained_anew(study: Project) -> None:
    params = study.params()
    search = {"learning_rate": {"log_uniform": [0.0003, 0.3]}}
    row = {"label": "Mine", "class": "optimizers/mine.py:Mine", "search": search}
    params["optimizers"]["mine"] = row
    study.write_params(params)
    file = study.folder / "optimizers" / "mine.py"
    for source in (
        "import torch\n\n\nclass Mine(torch.optim.Adamax):\n    pass\n",
        "from torch.optim import Adamax as Mine\n",
    ):
        file.write_text(source)
        (study.folder / "logs" / "timings.jsonl").unlink()
        study.dvc("repro", "evaluate", **UNRECORDED)
        done = trainings_done(study)
        assert {name for name, count in done.items() if count} == {"tune@mine", "train@mine"}
        assert {"tune@sgd", "train@sgd", "tune@adam", "train@adam"} <= set(done)


@pytest.mark.slow
def test_a_new_row_is_a_new_stage_and_a_deleted_one_leaves_the_results(study: Project) -> None:
    params = study.params()
    params["optimizers"]["rmsprop"] = {
        "label": "RMSprop",
        "class": "RMSprop",
        "search": {"learning_rate": {"log_uniform": [0.0001, 0.1]}},
    }
    study.write_params(params)
    stages = ran(study.dvc("repro").stdout)
    assert {"tune@rmsprop", "train@rmsprop"} <= set(stages)
    assert not [name for name in stages if "sgd" in name or "adam" in name]
    assert list(metrics(study)["digits"]) == ["sgd", "adam", "rmsprop"]

    del params["optimizers"]["rmsprop"]
    study.write_params(params)
    stages = ran(study.dvc("repro").stdout)
    assert not [name for name in stages if name.startswith(("tune", "train"))]
    assert list(metrics(study)["digits"]) == ["sgd", "adam"]


@pytest.mark.slow
def test_more_seeds_train_only_the_new_ones(study: Project) -> None:
    (study.folder / "logs" / "timings.jsonl").unlink()
    params = study.params()
    params["training"]["seeds"] = 3
    study.write_params(params)
    study.dvc("repro", "train@adam", **UNRECORDED)
    # of each of the two surviving settings
    assert trainings_done(study) == {"train@adam": 2}


@pytest.mark.slow
def test_forced_stages_give_the_same_bytes_without_any_memo(study: Project) -> None:
    folders = ("data/prepared", "runs", "models", "results", "reports")
    before = hashes(study, *folders)
    before.pop("results/cost.json", None)
    shutil.rmtree(study.folder / ".memo")
    params = study.params()
    params["execution"]["workers"] = 1
    study.write_params(params)
    stages = ["prepare@digits", "tune@adam", "train@adam", "evaluate", "backprop", "report"]
    assert set(ran(study.dvc("repro", "--force", "--single-item", *stages, **UNRECORDED).stdout)) == set(stages)
    after = hashes(study, *folders)
    after.pop("results/cost.json", None)
    assert after == before


def test_a_wrong_setting_ends_in_one_message_before_any_work(study: Project) -> None:
    params = study.params()
    params["optimizers"]["adam"]["arguments"] = {"beta": [0.9, 0.999]}
    study.write_params(params)
    (study.folder / "logs" / "timings.jsonl").unlink()
    done = study.dvc("repro", check=False)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "optimizers.adam.arguments.beta" in text
    assert "did you mean 'betas'?" in text
    assert "Traceback" not in text
    assert not (study.folder / "logs" / "timings.jsonl").exists()


def test_no_source_of_the_data_stops_repro_with_what_to_do(study: Project, tmp_path: Path) -> None:
    params = study.params()
    params["data"]["archives"] = ["cifar10"]
    params["data"]["sources"] = ["data/downloads/", str(tmp_path / "absent.tar.gz")]
    study.write_params(params)
    done = study.dvc("repro", check=False)
    text = done.stdout + done.stderr
    assert done.returncode != 0
    assert "absent.tar.gz" in text
    assert "make demo" in text
    assert "Traceback" not in text
    assert not (study.folder / "data" / "raw" / "cifar10").exists()
