from __future__ import annotations

import getpass
import json
import logging
import multiprocessing
import os
import socket
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy.engine import make_url

from pipeline import tracking
from pipeline.prepared.reader import Description
from pipeline.project import files, paths
from pipeline.running import memo
from pipeline.tracking import Tracker, entities, models, store
from pipeline.tracking.runs import Runs
from pipeline.training.record import OptimizerRow
from tests import studies
from tests.stores import DATA, Store, contents, point_to, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.training.record import Outcome


OTHER = replace(DATA, problem="other")
WEIGHTS = {"dense.0.bias": np.arange(3, dtype=np.float32)}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose folder has a name to be quoted; its store is shared by the tests (each uses keys of its own)."""
    return tmp_path_factory.mktemp("my project 100% #1?")


@pytest.fixture(autouse=True)
def _store(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(root, monkeypatch)


@pytest.fixture
def warned() -> list[str]:
    return []


@pytest.fixture
def tracker(warned: list[str]) -> Iterator[Tracker]:
    yield Tracker({"digits": DATA, "other": OTHER}, warned.append)
    assert warned == []


def add_metrics(tracker: Tracker, problem: str, metrics: dict[str, dict[str, float]]) -> int:
    return tracker.do(partial(Runs.add_metrics, problem=problem, metrics=metrics))


DESCRIPTION = Description(
    title="Digits",
    description="Handwritten digits.",
    shape=(8, 8, 1),
    classes=("a", "b", "c"),
    counts={"train": 10, "validation": 2, "test": 2},
    validation_fraction=0.2,
    split_seed=0,
    white=16,
    mean=(8.0,),
    std=(4.0,),
    digest="d",
)


def add_model(tracker: Tracker, outcome: Outcome, make: Any, example: np.ndarray) -> int:
    return tracker.do(partial(models.log, outcome=outcome, make=make, example=example))


def register(tracker: Tracker, name: str, outcome: Outcome) -> int:
    return tracker.do(partial(models.register, name=name, outcome=outcome))


# --- runs -------------------------------------------------------------------------------------------------


def test_a_training_is_a_run_exactly_once(tracker: Tracker) -> None:
    outcomes = [studies.outcome(seed=seed, optimizer="once") for seed in range(1, 4)]
    assert tracker.sync(outcomes) == 3
    assert tracker.sync(outcomes) == 0
    # and for a process that knows nothing yet
    assert Tracker({"digits": DATA}, pytest.fail).sync([*outcomes, studies.outcome(seed=4, optimizer="once")]) == 1
    keys = [run.data.tags.get("key") for run in Store().runs("tags.optimizer = 'once'")]
    assert len([key for key in keys if key]) == len({key for key in keys if key}) == 4


def test_a_run_tells_all_of_its_training(tracker: Tracker) -> None:
    outcome = studies.outcome(optimizer="all", weights=WEIGHTS, seed=7)
    tracker.sync([outcome])
    store = Store()
    run = store.run(outcome)
    assert run.info.status == "FINISHED"
    assert run.info.end_time - run.info.start_time == 1500
    assert run.data.tags["mlflow.runName"] == "all lr 0.001 seed 7"
    assert {name: run.data.tags[name] for name in ("optimizer", "problem", "kind")} == {
        "optimizer": "all",
        "problem": "digits",
        "kind": "train",
    }
    assert "writing" not in run.data.tags
    assert run.data.params == {
        "optimizer": "all",
        "class": "Adam",
        "network": "digits_cnn",
        "epochs": "2",
        "batch_size": "50",
        "precision": "float32",
        "device": "cpu",
        "convolution": "compiled",
        "schedule": "constant",
        "warmup_fraction": "0.0",
        "arguments.amsgrad": "True",
        "parameters.Adam": "10",
        "learning_rate": "0.001",
        "seed": "7",
    }
    steps = [(5, 2.0), (10, 1.5), (15, 1.0), (20, 0.5)]
    assert store.history(run, "train_loss") == steps
    assert store.history(run, "epoch") == [(5, 0.5), (10, 1.0), (15, 1.5), (20, 2.0)]
    assert store.history(run, "images") == [(5, 250), (10, 500), (15, 750), (20, 1000)]
    assert store.history(run, "validation_accuracy") == [(10, 0.5), (20, 0.8)]
    assert store.history(run, "validation_loss") == [(10, 1.4), (20, 0.5)]
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("digits", DATA.digest)
    assert json.loads(used.dataset.source) == {"uri": DATA.source}
    assert json.loads(used.dataset.profile)["train"] == 500


def test_weights_can_be_read_back(tracker: Tracker, tmp_path: Path) -> None:
    outcome = studies.outcome(optimizer="weights", weights=WEIGHTS)
    tracker.sync([outcome])
    store = Store()
    path = store.client.download_artifacts(store.run(outcome).info.run_id, "weights.safetensors", str(tmp_path))
    found = files.read_tensors(Path(path))
    np.testing.assert_array_equal(found["dense.0.bias"], WEIGHTS["dense.0.bias"])


def test_the_weights_of_a_run_are_the_memos_own_file(tracker: Tracker, tmp_path: Path) -> None:
    outcome = studies.outcome(optimizer="memo", weights=WEIGHTS)
    memo.keep(paths.memo(), outcome)
    tracker.sync([outcome])
    store = Store()
    path = store.client.download_artifacts(store.run(outcome).info.run_id, "weights.safetensors", str(tmp_path))
    assert Path(path).read_bytes() == memo.place(paths.memo(), outcome.key).read_bytes()
    assert not Path(path).is_symlink()
    np.testing.assert_array_equal(files.read_tensors(Path(path))["dense.0.bias"], WEIGHTS["dense.0.bias"])


def test_a_damaged_memo_does_not_become_the_weights_of_a_run(tracker: Tracker, tmp_path: Path) -> None:
    outcome = studies.outcome(optimizer="damaged memo", weights=WEIGHTS)
    memo.keep(paths.memo(), outcome)
    kept = memo.place(paths.memo(), outcome.key)
    kept.write_bytes(kept.read_bytes()[:-1])
    tracker.sync([outcome])
    store = Store()
    path = store.client.download_artifacts(store.run(outcome).info.run_id, "weights.safetensors", str(tmp_path))
    np.testing.assert_array_equal(files.read_tensors(Path(path))["dense.0.bias"], WEIGHTS["dense.0.bias"])


def test_a_known_run_gets_the_tags_and_params_that_it_lacks(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = studies.outcome(optimizer="older")
    with monkeypatch.context() as patch:  # an earlier version of the project
        patch.setattr(entities, "tags", lambda _: {"optimizer": "older", "problem": "digits"})
        complete = entities.params
        patch.setattr(entities, "params", lambda *a, **k: [p for p in complete(*a, **k) if p.key != "precision"])
        tracker.sync([outcome])
    monkeypatch.setenv("DVC_EXP_NAME", "a later one")
    assert tracker.sync([outcome]) == 1
    assert tracker.sync([outcome]) == 0
    run = Store().run(outcome)
    assert run.data.tags["kind"] == "train"
    assert run.data.params["precision"] == "float32"
    assert "dvc_exp" not in run.data.tags  # it was not this experiment that made the run


def test_a_second_optimizers_settings_are_params(tracker: Tracker) -> None:
    row = OptimizerRow("Muon", {}, OptimizerRow("AdamW", {"weight_decay": 0.0}))
    outcome = studies.outcome(optimizer="two", row=row)
    tracker.sync([outcome])
    params = Store().run(outcome).data.params
    assert (params["rest.class"], params["rest.arguments.weight_decay"]) == ("AdamW", "0.0")


def test_trials_and_seeds_of_an_optimizer_have_one_parent(tracker: Tracker) -> None:
    trials = [studies.outcome(kind="tune", optimizer="kin", learning_rate=rate, seed=0) for rate in (0.1, 0.01)]
    seeds = [studies.outcome(optimizer="kin", seed=seed) for seed in (1, 2)]
    elsewhere = studies.outcome(optimizer="kin", problem="other")
    tracker.sync([*trials, *seeds, elsewhere])
    Tracker({"digits": DATA}, pytest.fail).sync([studies.outcome(optimizer="kin", seed=3)])
    store = Store()
    (parent,) = store.runs("tags.optimizer = 'kin' and tags.kind = 'parent'")
    assert [used.dataset.digest for used in parent.inputs.dataset_inputs] == [DATA.digest]
    children = store.runs(f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    assert sorted(run.data.tags["mlflow.runName"] for run in children) == [
        "kin lr 0.001 seed 1",
        "kin lr 0.001 seed 2",
        "kin lr 0.001 seed 3",
        "kin lr 0.01",
        "kin lr 0.1",
    ]
    assert "seed" not in parent.data.params
    assert parent.info.status == "FINISHED"
    assert store.run(elsewhere).data.tags["mlflow.parentRunId"] != parent.info.run_id


@pytest.mark.parametrize("change", [{"epochs": 3}, {"schedule": "linear"}, {"row": OptimizerRow("Adam", {"eps": 0.1})}])
def test_other_settings_have_another_parent(tracker: Tracker, change: dict[str, Any]) -> None:
    name = f"other {next(iter(change))}"
    tracker.sync([studies.outcome(optimizer=name), studies.outcome(optimizer=name, **change)])
    assert len(Store().runs(f"tags.optimizer = '{name}' and tags.kind = 'parent'")) == 2


def test_searched_arguments_are_params_of_a_run_and_not_of_its_parent(warned: list[str]) -> None:
    rows = [
        OptimizerRow("Adam", {"betas": [beta, 0.999], **eps})
        # the default setting has no value of its own for an argument that only the search gives
        for beta, eps in ((0.9, {}), (0.75, {"eps": 1e-5}), (0.95, {"eps": 1e-4}))
    ]
    kinds = ["tune", "train", "train"]
    outcomes = [
        studies.outcome(optimizer="searched", row=row, kind=kind, learning_rate=rate)
        for row, kind, rate in zip(rows, kinds, (0.001, 0.01, 0.02), strict=True)
    ]
    Tracker({"digits": DATA}, warned.append, {"searched": ["beta1", "eps"]}).sync(outcomes)
    assert warned == []
    store = Store()
    (parent,) = store.runs("tags.optimizer = 'searched' and tags.kind = 'parent'")
    shown = {name: value for name, value in parent.data.params.items() if name.startswith("arguments.")}
    assert shown == {"arguments.betas": "['searched', 0.999]", "arguments.eps": "searched"}
    runs = [store.run(outcome).data for outcome in outcomes]
    assert [run.tags["mlflow.runName"] for run in runs] == [
        "searched lr 0.001",
        "searched lr 0.01 seed 1",
        "searched lr 0.02 seed 1",
    ]
    assert [run.params["arguments.beta1"] for run in runs] == ["0.9", "0.75", "0.95"]
    assert [run.params.get("arguments.eps") for run in runs] == [None, "1e-05", "0.0001"]
    assert runs[1].params["arguments.betas"] == "[0.75, 0.999]"


def test_a_training_that_diverged_is_a_failed_run(tracker: Tracker) -> None:
    outcome = studies.diverged(at=3, optimizer="diverging")
    tracker.sync([outcome])
    run = Store().run(outcome)
    assert run.info.status == "FAILED"
    assert run.data.metrics["diverged_at"] == 3
    assert "train_loss" not in run.data.metrics


def test_dvcs_stage_and_experiment_are_tags(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@adam")
    monkeypatch.setenv("DVC_EXP_NAME", "bold-name")
    outcome = studies.outcome(optimizer="tags")
    tracker.sync([outcome])
    tags = Store().run(outcome).data.tags
    assert (tags["dvc_stage"], tags["dvc_exp"]) == ("train@adam", "bold-name")


def test_a_machine_without_git_has_runs_all_the_same(tracker: Tracker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    outcome = studies.outcome(optimizer="no git")
    assert tracker.sync([outcome]) == 1
    assert "mlflow.source.git.commit" not in Store().run(outcome).data.tags


class Killed(BaseException):
    """Stands for the end of the process in the middle of writing a run."""


def cut_off(tracker: Tracker, call: str, outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write an outcome, and die in a call of the store's client."""
    from mlflow import MlflowClient

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, call, die)
        with pytest.raises(Killed):
            tracker.sync([outcome])


@pytest.mark.parametrize("call", ["log_batch", "log_inputs", "log_artifact", "set_terminated", "set_tag"])
def test_a_run_that_was_cut_off_is_written_again(tracker: Tracker, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    outcome = studies.outcome(optimizer=f"cut in {call}", weights=WEIGHTS)
    first = replace(outcome, key=f"before {call}", training=replace(outcome.training, seed=9))
    tracker.sync([first])  # the parent is there, so that the next calls belong to the run itself
    cut_off(tracker, call, outcome, monkeypatch)
    store = Store()
    (remains,) = store.runs(f"tags.writing = '{outcome.key}'")
    assert "key" not in remains.data.tags
    assert Tracker({"digits": DATA}, pytest.fail).sync([outcome]) == 1
    assert store.runs(f"tags.writing = '{outcome.key}'") == []
    run = store.run(outcome)
    assert run.info.run_id != remains.info.run_id
    assert run.info.status == "FINISHED"
    assert run.data.metrics["train_loss"] == 0.5


@pytest.mark.parametrize("call", ["log_batch", "set_terminated", "set_tag"])
def test_a_parent_that_was_cut_off_is_written_again(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    outcome = studies.outcome(optimizer=f"parent cut in {call}")
    cut_off(tracker, call, outcome, monkeypatch)
    assert Tracker({"digits": DATA}, pytest.fail).sync([outcome]) == 1
    (parent,) = Store().runs(f"tags.optimizer = '{outcome.training.optimizer}' and tags.kind = 'parent'")
    assert parent.data.params["network"] == "digits_cnn"
    assert parent.info.status == "FINISHED"
    assert "writing" not in parent.data.tags
    assert Store().run(outcome).data.tags["mlflow.parentRunId"] == parent.info.run_id


@pytest.mark.parametrize(
    ("there", "then"),
    [
        (None, "custom_model_development"),
        ("genai_development_inferred", "custom_model_development"),
        ("genai_development", "genai_development"),  # a person chose it
    ],
)
def test_an_experiment_opens_as_one_of_trainings(warned: list[str], there: str | None, then: str) -> None:
    name = f"kind {there}"
    data = {name: replace(DATA, problem=name)}
    client = Store().client
    client.create_experiment(name, tags={"mlflow.experimentKind": there} if there else {})
    Tracker(data, warned.append).sync([studies.outcome(problem=name)])
    assert client.get_experiment_by_name(name).tags["mlflow.experimentKind"] == then
    assert warned == []


def test_a_new_experiment_opens_as_one_of_trainings(tracker: Tracker) -> None:
    tracker.sync([studies.outcome(optimizer="page")])
    tags = Store().client.get_experiment_by_name("digits").tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    assert DATA.description in tags["mlflow.note.content"]


def test_an_experiment_that_was_deleted_in_the_ui_comes_back(warned: list[str]) -> None:
    data = replace(DATA, problem="deleted")
    outcomes = [studies.outcome(problem="deleted", seed=seed) for seed in (1, 2)]
    Tracker({"deleted": data}, warned.append).sync(outcomes[:1])
    store = Store()
    store.client.delete_experiment(store.client.get_experiment_by_name("deleted").experiment_id)
    assert Tracker({"deleted": data}, warned.append).sync(outcomes) == 1
    assert warned == []
    assert {run.data.tags["key"] for run in store.runs("tags.kind = 'train'", "deleted")} == {o.key for o in outcomes}


def test_two_processes_at_once_on_a_store_that_is_not_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    context = multiprocessing.get_context("spawn")
    start, answers = context.Barrier(2), context.Queue()
    outcomes = [studies.outcome(seed=seed) for seed in range(1, 11)]
    writers = [context.Process(target=write, args=(str(tmp_path), outcomes, start, answers)) for _ in range(2)]
    for writer in writers:
        writer.start()
    found = [answers.get(timeout=60) for _ in writers]
    for writer in writers:
        writer.join(timeout=60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert [warnings for _, warnings in found] == [[], []]
    assert sum(written for written, _ in found) == 10
    # nor does MLflow say anything while it makes the store
    assert capfd.readouterr() == ("", "")
    runs = Store(f"sqlite:///{tmp_path / 'mlflow.db'}").runs()
    keys = [run.data.tags["key"] for run in runs if "key" in run.data.tags]
    assert sorted(keys) == sorted(outcome.key for outcome in outcomes)
    assert len(runs) == 11


# --- what evaluation adds ---------------------------------------------------------------------------------


def test_final_metrics_are_added_once_and_corrected_where_they_changed(tracker: Tracker) -> None:
    outcomes = [studies.outcome(optimizer="final", seed=seed) for seed in (1, 2)]
    tracker.sync(outcomes)
    metrics = {outcome.key: {"test_accuracy": 0.7, "test_loss": 0.9} for outcome in outcomes}
    assert add_metrics(tracker, "digits", metrics) == 2
    assert add_metrics(tracker, "digits", metrics) == 0
    metrics[outcomes[0].key]["test_loss"] = 0.8
    assert add_metrics(tracker, "digits", metrics) == 1
    store = Store()
    assert [store.run(outcome).data.metrics["test_loss"] for outcome in outcomes] == [0.8, 0.9]
    assert store.run(outcomes[0]).data.metrics["train_loss"] == 0.5


def test_metrics_of_runs_that_are_not_there_add_nothing(tracker: Tracker) -> None:
    assert add_metrics(tracker, "digits", {"unknown": {"test_accuracy": 0.5}}) == 0


def test_a_model_predicts_on_any_number_of_images(tracker: Tracker) -> None:
    import mlflow
    import torch

    from pipeline.evaluation.classifier import Classifier
    from pipeline.training import networks

    outcome = studies.outcome(optimizer="model")
    tracker.sync([outcome])
    state = {n: t.detach().numpy() for n, t in networks.build("digits_cnn", (8, 8, 1), 3).state_dict().items()}
    description = DESCRIPTION
    model = Classifier("digits_cnn", state, description)
    example = np.zeros((2, 8, 8, 1), np.uint8)
    assert add_model(tracker, outcome, lambda: model, example) == 1
    assert add_model(tracker, outcome, pytest.fail, example) == 0
    run = Store().run(outcome)
    assert (run.info.status, run.info.end_time - run.info.start_time) == ("FINISHED", 1500)
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert loaded.metadata.signature.inputs.inputs[0].shape == (-1, 8, 8, 1)
    assert loaded.input_example.shape == (2, 8, 8, 1)
    for count in (1, 2, 7):
        images = np.random.default_rng(count).integers(0, 17, (count, 8, 8, 1)).astype(np.uint8)
        with torch.inference_mode():
            expected = model(torch.from_numpy(images)).numpy()
        assert loaded.predict(images) == pytest.approx(expected, abs=1e-6)


def log_model(tracker: Tracker, outcome: Outcome) -> None:
    from pipeline.evaluation.classifier import Classifier
    from pipeline.training import networks

    tracker.sync([outcome])
    state = {n: t.detach().numpy() for n, t in networks.build("digits_cnn", (8, 8, 1), 3).state_dict().items()}
    description = DESCRIPTION
    model = Classifier("digits_cnn", state, description)
    assert add_model(tracker, outcome, lambda: model, np.zeros((2, 8, 8, 1), np.uint8)) == 1


def rated(seed: int, accuracy: float) -> Outcome:
    outcome = studies.outcome(optimizer="registry", seed=seed)
    last = replace(outcome.last, validation_accuracy=accuracy)
    return replace(outcome, history=(*outcome.history[:-1], last))


def test_a_problems_page_is_known_once_it_has_runs(tracker: Tracker) -> None:
    assert tracker.page("digits") == ""
    outcome = studies.outcome(optimizer="page")
    tracker.sync([outcome])
    experiment = Store().run(outcome).info.experiment_id
    page = f"/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey=best-first"
    assert tracker.page("digits") == page
    view = json.loads(Store().client.get_experiment(experiment).tags["mlflow.sharedViewState.best-first"])
    assert (view["orderByKey"], view["orderByAsc"]) == ("metrics.`test_accuracy`", False)
    # the name of the run is the optimizer's, and the columns after these do not fit on a screen
    first = ["metrics.`learning_rate`", *(f"metrics.`test_accuracy{end}`" for end in ("", "_low", "_high"))]
    assert view["selectedColumns"][:4] == view["columnOrder"][:4] == first


def test_a_run_says_who_made_it_from_which_file_and_where_it_is_to_be_seen(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tracker.where("digits", "mine") is None
    outcome = studies.outcome(optimizer="mine")
    tracker.sync([outcome])
    run = Store().run(outcome)
    assert run.data.tags["mlflow.user"] == getpass.getuser()
    assert run.data.tags["mlflow.source.name"] == "stages/train.py"
    assert tracker.where("digits", "mine") == "MLflow: run mine, in the experiment digits; `make ui` shows it"
    # a server has an address of its own; a password in it is not shown
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:5000/")
    parent = run.data.tags["mlflow.parentRunId"]
    page = f"http://127.0.0.1:5000/#/experiments/{run.info.experiment_id}/runs/{parent}"
    assert tracker.where("digits", "mine") == f"MLflow: {page}"


def test_the_alias_names_the_best_registered_model(tracker: Tracker) -> None:
    import mlflow

    first, worse, equal, better = rated(1, 0.7), rated(2, 0.6), rated(3, 0.7), rated(4, 0.8)
    client = Store().client
    named = []
    for outcome in (first, worse, equal, better):
        log_model(tracker, outcome)
        assert register(tracker, "small-cnn", outcome) == 1
        assert register(tracker, "small-cnn", outcome) == 0
        named.append(client.get_model_version_by_alias("small-cnn", "champion").tags["key"])
    assert named == [first.key, first.key, first.key, better.key]
    assert len(client.search_model_versions("name = 'small-cnn'")) == 4
    version = client.get_model_version_by_alias("small-cnn", "champion")
    assert version.run_id == Store().run(better).info.run_id
    assert (version.tags["validation_accuracy"], version.tags["problem"]) == ("0.8", "digits")
    assert version.tags["optimizer"] == "registry"
    loaded = mlflow.pyfunc.load_model("models:/small-cnn@champion")
    assert loaded.predict(np.zeros((3, 8, 8, 1), np.uint8)).shape == (3, 3)


def test_the_alias_compares_models_of_the_same_data(tracker: Tracker) -> None:
    before, after = rated(11, 0.9), rated(12, 0.6)
    after = replace(after, training=replace(after.training, data="e" * 64), key="other data")
    named = []
    for outcome in (before, after, before):
        tracker.sync([outcome])
        if outcome is not before or not named:
            log_model(tracker, outcome)
        register(tracker, "moved-cnn", outcome)
        named.append(Store().client.get_model_version_by_alias("moved-cnn", "champion").tags["key"])
    assert named == [before.key, after.key, before.key]


def test_a_model_that_was_deleted_is_logged_again(tracker: Tracker) -> None:
    outcome = studies.outcome(optimizer="deleted model")
    log_model(tracker, outcome)
    store = Store()
    (used,) = store.run(outcome).outputs.model_outputs
    store.client.delete_logged_model(used.model_id)
    assert register(tracker, "deleted-cnn", outcome) == 0
    log_model(tracker, outcome)
    assert register(tracker, "deleted-cnn", outcome) == 1
    version = store.client.get_model_version_by_alias("deleted-cnn", "champion")
    assert used.model_id not in version.source


def test_nothing_is_registered_without_a_model(tracker: Tracker) -> None:
    outcome = studies.outcome(optimizer="no model")
    assert register(tracker, "none-cnn", outcome) == 0
    tracker.sync([outcome])
    assert register(tracker, "none-cnn", outcome) == 0
    assert Store().client.search_registered_models("name = 'none-cnn'") == []


def test_no_model_without_a_run(tracker: Tracker) -> None:
    assert add_model(tracker, studies.outcome(optimizer="absent"), pytest.fail, np.zeros((2, 8, 8, 1), np.uint8)) == 0


# --- the store --------------------------------------------------------------------------------------------


def test_the_store_is_the_projects_even_in_a_temporary_copy(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert make_url(tracking.store_uri()).database == str(root / "mlflow.db")
    monkeypatch.delenv("DVC_ROOT")
    assert tracking.store_uri() == f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://example.org")
    assert tracking.store_uri() == "http://example.org"


def test_nothing_is_written_where_a_temporary_copy_runs(
    tracker: Tracker, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tracker.sync([studies.outcome(optimizer="copy", weights=WEIGHTS)])
    assert list(tmp_path.iterdir()) == []
    assert {path.name for path in root.iterdir()} >= {"mlflow.db", "mlartifacts"}
    assert not (root / "mlruns").exists()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def check_unreachable(uri: str, warned: list[str], seconds: float) -> None:
    tracker = Tracker({"digits": DATA}, warned.append)
    start = time.monotonic()
    assert tracker.sync([studies.outcome(seed=seed) for seed in (1, 2, 3)]) == 0
    assert add_metrics(tracker, "digits", {}) == 0
    assert add_model(tracker, studies.outcome(), pytest.fail, np.zeros((2, 8, 8, 1))) == 0
    assert time.monotonic() - start < seconds
    assert not tracker.usable
    (said,) = warned
    assert said.startswith(f"MLflow store {uri} cannot be used (")
    assert "What helps: " in said
    assert len(said.splitlines()) == 1


def test_a_store_that_cannot_be_reached_costs_one_warning(
    monkeypatch: pytest.MonkeyPatch, warned: list[str], closed_port: int
) -> None:
    uri = f"http://127.0.0.1:{closed_port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    check_unreachable(uri, warned, seconds=60)


@pytest.mark.slow
def test_a_server_that_never_answers_costs_seconds(monkeypatch: pytest.MonkeyPatch, warned: list[str]) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        uri = f"http://127.0.0.1:{server.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        check_unreachable(uri, warned, seconds=60)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("nonsense://x", "nonsense://x"),
        ("./mlruns", "{root}/mlruns"),  # below the project, whatever folder a command runs in
        ("sqlite:////proc/none/mlflow.db", "sqlite:////proc/none/mlflow.db"),
    ],
)
def test_an_address_that_is_none_costs_one_warning(
    monkeypatch: pytest.MonkeyPatch, warned: list[str], root: Path, uri: str, shown: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    check_unreachable(shown.format(root=root.as_uri()), warned, seconds=60)


def test_a_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, warned: list[str], closed_port: int) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{closed_port}")
    Tracker({"digits": DATA}, warned.append).sync([studies.outcome()])
    (said,) = warned
    assert "secret" not in said
    assert f"127.0.0.1:{closed_port}" in said


def test_the_users_own_choice_of_chatter_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    with store.quietly():
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
        assert os.environ["DO_NOT_TRACK"] == "true"
    assert logging.getLogger("mlflow").level == logging.CRITICAL


def test_many_at_once_are_written_as_each_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warned: list[str]
) -> None:
    outcomes = [studies.outcome(kind="tune", learning_rate=rate) for rate in (0.1, 0.2, 0.3)]
    outcomes += [studies.outcome(seed=seed, weights=WEIGHTS) for seed in (1, 2)]
    outcomes += [studies.diverged(problem="other", seed=seed) for seed in (1, 2)]
    found, order = [], []
    for way in ("alone", "at once"):
        (root := tmp_path / way).mkdir()
        point_to(root, monkeypatch)
        tracker = Tracker({"digits": DATA, "other": OTHER}, warned.append)
        if way == "alone":
            assert [tracker.do(partial(Runs.write_missing, outcome=one)) for one in outcomes] == [1] * 7
        else:
            # one lies there already, and one was cut off half-way
            assert tracker.sync(outcomes[1:2]) == 1
            client = Store().client
            experiment = client.get_experiment_by_name("digits").experiment_id
            client.create_run(experiment, tags={"writing": outcomes[3].key})
            assert tracker.sync([*outcomes, outcomes[0]]) == 6
            assert tracker.sync(outcomes) == 0
        found.append(contents(store.store_uri()))
        runs = sorted(Store().runs("tags.kind = 'train'"), key=lambda run: run.info.end_time)
        order.append([run.data.tags["key"] for run in runs])
    assert found[0] == found[1]
    assert order[0] == order[1] == [one.key for one in outcomes[3:5]]
    assert warned == []
