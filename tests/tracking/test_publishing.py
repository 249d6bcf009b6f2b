from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.evaluation import choosing, evaluate
from pipeline.project import files, paths
from pipeline.project.errors import DataError
from pipeline.running import memo, outputs, refusals
from pipeline.tracking import Tracker, connection, publishing
from tests import studies
from tests.stores import Store, point_to

if TYPE_CHECKING:
    from pathlib import Path

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
        quiet = settings.model_copy(update={"execution": settings.execution.model_copy(update={"workers": 1})})
        files.write_json(paths.METRICS, evaluate.evaluate(quiet).metrics)
    return folder, outcomes


@pytest.fixture
def outcomes(made: tuple[Path, list[Outcome]], monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    folder, outcomes = made
    monkeypatch.chdir(folder)
    point_to(folder, monkeypatch)
    return outcomes


def tracker(settings: Settings) -> Tracker:
    return Tracker(connection.datasets(settings), pytest.fail)


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
    # two seeds of two optimizers get metrics, one of each a model; the better one is registered
    assert publishing.publish_evaluation(settings, live) == 4 + 2 + 1
    expected = held()
    assert set(expected) == {outcome.key for outcome in outcomes}

    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "later"))
    # logging a model lets MLflow put the store that it went to into the environment
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert publishing.publish_all(settings, tracker(settings)) == len(outcomes) + 4 + 2 + 1
    assert held() == expected
    # and nothing is written twice
    assert publishing.publish_all(settings, tracker(settings)) == 0

    models = [run["tags"]["optimizer"] for run in expected.values() if run["tags"]["model"]]
    assert sorted(models) == ["muon", "sgd"]
    finals = [run for run in expected.values() if run["tags"]["kind"] == "train"]
    metrics = files.read_json(paths.METRICS)["digits"]
    for name in ("sgd", "muon"):
        found = {float(run["metrics"]["test_accuracy"]) for run in finals if run["tags"]["optimizer"] == name}
        assert found == set(metrics[name]["test_accuracy"]["seeds"])
    assert all(run["artifacts"] == ["weights.safetensors"] for run in finals)


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
    best = choosing.champion(o for o in outcomes if o.training.kind == "train")
    client = Store().client
    (version,) = client.search_model_versions("name = 'digits-cnn'")
    assert client.get_model_version_by_alias("digits-cnn", "champion").version == version.version
    assert version.tags["key"] == best.key


def test_each_optimizers_trainings_are_read_once(
    settings: Settings, outcomes: list[Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Recorder:
        usable = False

        def sync_metrics(self, *_: Any) -> int:
            return 0

        def sync_registry(self, *_: Any) -> int:
            return 0

    read: list[str] = []
    original = outputs.read_trainings
    monkeypatch.setattr(outputs, "read_trainings", lambda name: read.append(name) or original(name))
    two = settings.model_copy(update={"problems": settings.problems | {"again": settings.problems["digits"]}})
    publishing.publish_evaluation(two, Recorder())  # type: ignore[arg-type]
    assert sorted(read) == ["muon", "sgd"]


def test_nothing_is_registered_where_every_training_diverged() -> None:
    # a recorder that is called would fail
    assert publishing._publish_champion([studies.diverged(seed=1)], object()) == 0  # type: ignore[arg-type]
    assert publishing._publish_champion([], object()) == 0  # type: ignore[arg-type]


def test_metrics_go_to_the_seed_that_they_belong_to(settings: Settings, outcomes: list[Outcome]) -> None:
    recorded: dict[str, dict[str, float]] = {}

    class Recorder:
        usable = False

        def sync_metrics(self, _: str, found: dict[str, dict[str, float]]) -> int:
            recorded.update(found)
            return len(found)

        def sync_registry(self, *_: Any) -> int:
            return 0

    assert publishing.publish_evaluation(settings, Recorder()) == 4  # type: ignore[arg-type]
    metrics = files.read_json(paths.METRICS)["digits"]
    for name in ("sgd", "muon"):
        for index, outcome in enumerate(outputs.read_trainings(name)):
            assert outcome.training.seed == index + 1
            assert recorded[outcome.key]["test_loss"] == metrics[name]["test_loss"]["seeds"][index]


def test_a_value_that_is_none_is_no_metric() -> None:
    found = {name: {"seeds": [0.5, None]} for name in publishing._FINAL}
    assert publishing._final_metrics(found, 0) == dict.fromkeys(publishing._FINAL, 0.5)
    assert publishing._final_metrics(found, 1) == {}


def test_no_model_of_an_optimizer_whose_best_seed_diverged() -> None:
    class Recorder:
        usable = True

    both = [studies.diverged(seed=1), studies.diverged(seed=2)]
    assert publishing._publish_model(both, studies.settings(), Recorder()) == 0  # type: ignore[arg-type]


def test_a_folder_without_outputs_says_what_to_do(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="run `dvc repro`"), refusals.in_words():
        connection.datasets(settings)
    assert list(publishing._everything(settings)) == []
