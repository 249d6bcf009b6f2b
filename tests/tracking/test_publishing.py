from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.evaluation import choosing, evaluate
from pipeline.project import files, paths
from pipeline.project.errors import DataError
from pipeline.results import tables
from pipeline.results.champions import Champions
from pipeline.results.key_figures import Summary
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


COLOURS = {"sgd": "#08306b", "muon": "#6a3d9a"}


def fill(settings: Settings) -> int:
    return publishing.publish_all(settings, tracker(settings), COLOURS)


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
    # what two seeds of two optimizers picked gets metrics, one of each a model; the better one is registered; both
    # parent runs get what the results say; and they and the four picked ones their colour
    assert fill(settings) == len(outcomes) + 4 + 2 + 1 + 2 + 6
    assert held() == expected
    # and nothing is written twice
    assert fill(settings) == 0

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
    fill(settings)
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
    fill(settings)
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
    fill(settings)
    assert [run["tags"]["optimizer"] for run in held().values() if run["tags"]["model"]] == ["sgd"]
    (version,) = Store().client.search_model_versions("name = 'digits-cnn'")
    assert version.tags["optimizer"] == "sgd"


def test_nothing_is_registered_where_every_training_diverged(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten(monkeypatch, tmp_path, {"sgd", "muon"})
    fill(settings)
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
    fill(settings)
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


def parents() -> dict[str, Any]:
    return {run.data.tags["optimizer"]: run for run in Store().runs("tags.kind = 'parent'")}


def test_a_parent_run_tells_what_the_results_say_of_its_optimizer(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    for outcome in outcomes:
        memo.keep(paths.memo(), replace(outcome, seconds=2.0))
    fill(settings)
    found, run = Metrics.read().problems["digits"]["muon"], parents()["muon"]
    shown = run.data.metrics
    assert found.test_accuracy is not None
    assert [shown[f"test_accuracy{end}"] for end in ("", "_low", "_high")] == [
        found.test_accuracy.mean,
        found.test_accuracy.low,
        found.test_accuracy.high,
    ]
    classes = {name.partition("/")[2]: value for name, value in shown.items() if name.startswith("test_accuracy/")}
    assert classes == found.per_class
    assert len(classes) == 10
    assert shown["learning_rate"] == found.search.usual_setting.learning_rate
    assert run.data.tags["mlflow.runName"] == settings.optimizers["muon"].label
    assert "95 % interval" in run.data.tags["mlflow.note.content"]
    curve = tables.TRAINING_CURVES.read()
    curve = curve[(curve["problem"] == "digits") & (curve["optimizer"] == "muon")]
    history = Store().history(run, "train_loss")
    assert history == [(int(row.step), float(row.train_loss)) for row in curve.itertuples()]
    # it lasted as long as its trainings together
    own = [outcome for outcome in outcomes if outcome.training.optimizer == "muon"]
    assert run.info.end_time - run.info.start_time == 2000 * len(own)


def test_what_has_results_is_drawn_in_the_colours_of_the_report(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    fill(settings)
    runs = Store().runs()
    drawn = {run.info.run_id: run.data.tags for run in runs if "mlflow.runColor" in run.data.tags}
    assert set(drawn) == {run.info.run_id for run in runs if "test_loss" in run.data.metrics}
    assert len(drawn) == 6
    assert all(tags["mlflow.runColor"] == COLOURS[tags["optimizer"]] for tags in drawn.values())
    # a colour that a person picked in the UI stays
    muon = parents()["muon"].info.run_id
    Store().client.set_tag(muon, "mlflow.runColor", "#000000")
    assert fill(settings) == 0
    assert parents()["muon"].data.tags["mlflow.runColor"] == "#000000"


def finished(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Add what stages `compare` and `report` write, as far as runs show it, in a copy of the study."""
    shutil.copytree(Path.cwd(), folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_ROOT", str(folder))
    shares = {"champion": 50.0, "sgd": 40.0, "muon": 50.0}
    Summary(champion="muon", accuracy=shares, lead={"digits": 10.0}, claims={"supported": 3}).write()
    written = {
        "params.yaml": "problems: {}",
        "dvc.lock": "schema: '2.0'",
        "reports/report.html": "<p>No.</p>",
        "reports/figures/training_curves_digits.svg": "<svg/>",
        "reports/figures/confusion_digits.svg": "<svg></svg>",
        "models/CARD.md": "# Model card",
    }
    for name, text in written.items():
        files.write_text(Path(name), text)


def artifacts(run: Any, folder: str = "") -> list[str]:
    return sorted(item.path for item in Store().client.list_artifacts(run.info.run_id, folder))


def test_a_study_is_a_run_with_its_settings_its_lock_and_its_report(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(tmp_path / "copy", monkeypatch)
    fill(settings)
    (run,) = Store().runs(problem="studies")
    assert artifacts(run) == ["dvc.lock", "params.yaml", "report.html"]
    shown = {"accuracy/champion": 50, "accuracy/sgd": 40, "accuracy/muon": 50, "lead/digits": 10, "claims/supported": 3}
    assert run.data.metrics == shown
    assert run.data.params["optimizers"] == "sgd muon"
    assert fill(settings) == 0

    # another report of the same study: its run has the new one
    files.write_text(Path("reports/report.html"), "<p>Still no.</p>")
    assert fill(settings) == 1
    (run,) = Store().runs(problem="studies")
    assert "Still" in Path(Store().client.download_artifacts(run.info.run_id, "report.html")).read_text()
    # other settings: another study
    files.write_text(Path("params.yaml"), "problems: {digits: {}}")
    fill(settings)
    assert len(Store().runs(problem="studies")) == 2


def test_figures_belong_to_the_parents_and_the_card_to_the_registered_model(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(tmp_path / "copy", monkeypatch)
    fill(settings)
    best = Champions.read().problems["digits"].optimizer
    for name, run in parents().items():
        own = ["confusion_digits.svg"] * (name == best) + ["training_curves_digits.svg"]
        assert artifacts(run, "figures") == [f"figures/{one}" for one in own]
    client = Store().client
    assert client.get_registered_model("digits-cnn").description == "# Model card"
    assert client.get_model_version_by_alias("digits-cnn", "champion").description == "# Model card"


def test_a_fresh_clone_shows_its_results_until_the_trainings_are_there(
    settings: Settings, outcomes: list[Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(tmp_path / "copy", monkeypatch)
    away = {name: tmp_path / name for name in ("data", "runs")}
    for name, place in away.items():
        shutil.move(name, place)
    assert not publishing.holds_trainings(settings)
    assert fill(settings) > 0
    found = Metrics.read().problems["digits"]
    alone = parents()
    assert {name: run.data.metrics["test_accuracy"] for name, run in alone.items()} == {
        name: one.test_accuracy.mean for name, one in found.items() if one.test_accuracy
    }
    assert alone["sgd"].data.params["optimizer"] == "sgd"
    assert held() == {}
    assert fill(settings) == 0

    for name, place in away.items():
        shutil.move(place, name)
    fill(settings)
    assert set(held()) == {outcome.key for outcome in outcomes}
    # the runs that stood in for them are gone
    assert {run.info.run_id for run in parents().values()}.isdisjoint(run.info.run_id for run in alone.values())
    assert len(Store().runs("tags.kind = 'parent'")) == 2
