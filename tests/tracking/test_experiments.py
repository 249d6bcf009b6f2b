"""Anybody's experiment as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.project.errors import DataError
from pipeline.tracking import experiments, store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with three runs of an experiment, one of which logged nothing, and an empty experiment."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    folder = tmp_path_factory.mktemp("store")
    address = f"sqlite:///{folder}/mlflow.db"
    with store.quietly():
        client = MlflowClient(address)
        client.create_experiment("empty", artifact_location=str(folder / "artifacts"))
        experiment = client.create_experiment("mine", artifact_location=str(folder / "artifacts"))
        for seed in (1, 2):
            run = client.create_run(experiment, run_name=f"adam {seed}").info.run_id
            params = [Param("optimizer", "adam"), Param("seed", str(seed))]
            client.log_batch(run, [Metric("loss", 1.0, 0, 0), Metric("loss", float("nan"), 1, 1)], params)
            client.set_terminated(run)
        client.create_run(experiment, tags={"kind": "parent"})
    return address


def test_columns_are_named_as_mlflow_does(uri: str) -> None:
    found = experiments.columns("mine", uri)
    assert sorted(zip(found["params.seed"], found["params.optimizer"], strict=True), key=str) == [
        ("1", "adam"),
        ("2", "adam"),
        (None, None),
    ]
    assert found["status"].count("FINISHED") == 2
    assert found["tags.kind"].count("parent") == 1
    assert "adam 1" in found["tags.mlflow.runName"]


def test_a_nan_is_not_the_same_as_nothing(uri: str) -> None:
    assert sorted(str(value) for value in experiments.columns("mine", uri)["metrics.loss"]) == ["None", "nan", "nan"]


def test_an_id_will_do(uri: str) -> None:
    assert len(experiments.columns("2", uri)["run_id"]) == 3


def test_more_runs_than_come_at_once(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "_MOST_AT_ONCE", 2)
    assert len(experiments.columns("mine", uri)["run_id"]) == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [("mien", "no experiment 'mien'; did you mean 'mine'"), ("empty", "the experiment empty has no runs")],
)
def test_no_such_experiment(uri: str, name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        experiments.columns(name, uri)


def test_no_such_store(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no MLflow store"):
        experiments.columns("mine", f"sqlite:///{tmp_path}/absent.db")
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("optimizer,seed\n")
    with pytest.raises(DataError, match="the MLflow store cannot be read"):
        experiments.columns("mine", f"sqlite:///{tmp_path}/mlflow.db")
