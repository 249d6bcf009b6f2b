from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.evaluation import choosing, evaluate
from pipeline.project import paths
from pipeline.project.errors import DataError
from pipeline.results.metrics import Metrics
from pipeline.running import memo, outputs, refusals
from pipeline.tracking import Tracker, connection, publishing
from tests import studies
from tests.stores import Store, point_to

if TYPE_CHECKING:
    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome


@pytest.fixture(scope="module")
def settings() -> Settings:
    return studies.settings()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> tuple[Path, list[Outcome]]:
    """A tiny study with its metrics, and its outcomes as they were when they finished."""
    folder = tmp_path_factory.mktemp("tiny study")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        outcomes = studies.run_digits(settings)
        evaluate.evaluate(settings, workers=1)
    return folder, outcomes


@pytest.fixture
def outcomes(made: tuple[Path, list[Outcome]], monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    folder, outcomes = made
    monkeypatch.chdir(folder)
    point_to(folder, monkeypatch)
    return outcomes


def tracker(settings: Settings) -> Tracker:
    return Tracker(connection.datasets(settings), pytest.fail, connection.searched(settings))


def held() -> dict[str, Any]:
    """What a store holds of every training, without what differs from writing to writing."""
    store = Store()
    runs = [run for run in store.runs() if "key" in run.data.tags]
    assert len(runs) == len({run.data.tags["key"] for run in runs})
    names = {run.info.run_id: run.data.tags["mlflow.runName"] for run in store.runs()}
    return {
        run.data.tags["key"]: {
            "params": run.data.params,
            "metrics": run.data.metrics,
            "history": store.history(run, "train_loss"),
            "tags": {n: run.data.tags.get(n) for n in ("kind", "optimizer", "problem", "mlflow.runName", "model")},
            "parent": names[run.data.tags["mlflow.parentRunId"]],
            "status": run.info.status,
            "artifacts": [item.path for item in store.client.list_artifacts(run.info.run_id)],
            "data": [used.dataset.digest for used in run.inputs.dataset_inputs],
        }
        for run in runs
    }


def test_a_store_made_later_holds_what_a_live_one_does(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "live"))
    live = tracker(settings)
    for outcome in outcomes:
        live.sync([outcome])
    publishing.publish_evaluation(settings)
    expected = held()
    assert set(expected) == {outcome.key for outcome in outcomes}

    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "later"))
    # logging a model lets MLflow put the store that it went to into the environment
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    # what two seeds of two optimizers picked gets metrics, one of each a model; the better one is registered
    assert publishing.publish_all(settings, tracker(settings)) == len(outcomes) + 4 + 2 + 1
    assert held() == expected
    # and nothing is written twice
    assert publishing.publish_all(settings, tracker(settings)) == 0

    models = [run["tags"]["optimizer"] for run in expected.values() if run["tags"]["model"]]
    assert sorted(models) == ["muon", "sgd"]
    metrics = Metrics.read().problems["digits"]
    picked = {key for found in metrics.values() for key in found.trainings}
    finals = [run for key, run in expected.items() if key in picked]
    for name in ("sgd", "muon"):
        found = {float(run["metrics"]["test_accuracy"]) for run in finals if run["tags"]["optimizer"] == name}
        assert found == set(metrics[name].test_accuracy.seeds)
    trained = [run for run in expected.values() if run["tags"]["kind"] == "train"]
    assert len(trained) == 2 * len(finals)
    assert all(run["artifacts"] == ["weights.safetensors"] for run in trained)
    assert all("test_accuracy" not in run["metrics"] for key, run in expected.items() if key not in picked)


def test_a_run_filled_in_later_lasted_as_long_as_its_training(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    remembered, damaged, *_ = outcomes
    for outcome in (remembered, damaged):
        memo.keep(paths.memo(), replace(outcome, seconds=12.5))
    memo.place(paths.memo(), damaged.key).write_bytes(b"cut off")
    publishing.publish_all(settings, tracker(settings))
    lasted = {
        run.data.tags["key"]: run.info.end_time - run.info.start_time
        for run in Store().runs()
        if "key" in run.data.tags
    }
    assert lasted == {outcome.key: 12_500 if outcome is remembered else 0 for outcome in outcomes}


def test_the_champion_is_the_registered_model(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    publishing.publish_all(settings, tracker(settings))
    picked = {key for found in Metrics.read().problems["digits"].values() for key in found.trainings}
    best = choosing.champion(o for o in outcomes if o.key in picked)
    client = Store().client
    (version,) = client.search_model_versions("name = 'digits-cnn'")
    assert client.get_model_version_by_alias("digits-cnn", "champion").version == version.version
    assert version.tags["key"] == best.key


def test_each_optimizers_trainings_are_read_once(
    settings: Settings, outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(connection.TRACKING, connection.LATER)
    read: list[str] = []
    original = outputs.read_trainings
    monkeypatch.setattr(outputs, "read_trainings", lambda name: read.append(name) or original(name))
    two = settings.model_copy(update={"problems": {**settings.problems, "digits_words": settings.problems["digits"]}})
    shutil.copytree(paths.learning("digits"), paths.learning("digits_words"), dirs_exist_ok=True)
    publishing.publish_evaluation(two)
    assert sorted(read) == ["muon", "sgd"]


def rewritten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, diverged: set[str]) -> None:
    """Let all trainings of these optimizers have diverged, in outputs of the test's own."""
    shutil.copytree(Path.cwd(), tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    for name in diverged:
        outcomes = [
            replace(outcome, diverged_at=1, history=(replace(outcome.last, validation_accuracy=0.0),))
            for outcome in outputs.read_trainings_with_weights(name)
        ]
        outputs.write_trainings(name, outcomes)


def test_an_optimizer_whose_seeds_all_diverged_has_no_model(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten(monkeypatch, tmp_path, {"muon"})
    publishing.publish_all(settings, tracker(settings))
    assert [run["tags"]["optimizer"] for run in held().values() if run["tags"]["model"]] == ["sgd"]
    (version,) = Store().client.search_model_versions("name = 'digits-cnn'")
    assert version.tags["optimizer"] == "sgd"


def test_nothing_is_registered_where_every_training_diverged(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten(monkeypatch, tmp_path, {"sgd", "muon"})
    publishing.publish_all(settings, tracker(settings))
    assert len(held()) == len(outcomes)
    assert Store().client.search_registered_models() == []


def test_metrics_go_to_the_seed_that_they_belong_to_and_none_is_no_metric(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten(monkeypatch, tmp_path, set())
    content = Metrics.read().model_dump(mode="json")
    losses = content["problems"]["digits"]["sgd"]["test_loss"]["seeds"]
    content["problems"]["digits"]["sgd"]["test_loss"]["seeds"] = [None, losses[1]]
    Metrics.model_validate(content).write()
    publishing.publish_all(settings, tracker(settings))
    picked = Metrics.read().problems["digits"]["sgd"].trainings
    by_key = {outcome.key: outcome for outcome in outputs.read_trainings("sgd")}
    first, second = (Store().run(by_key[key]).data.metrics for key in picked)
    assert "test_loss" not in first
    assert "test_accuracy" in first
    assert second["test_loss"] == losses[1]


def test_a_folder_without_outputs_says_what_to_do(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="run `dvc repro`"), refusals.in_words():
        connection.datasets(settings)
