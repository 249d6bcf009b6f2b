"""Anybody's experiment as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.project import paths
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


def test_the_store_of_a_project_whose_folder_has_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "\u00e9tude 100% #1?"
    root.mkdir()
    monkeypatch.setattr(paths, "shared_root", lambda: root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with store.quietly():
        store.connect().create_experiment("mine")
    with pytest.raises(DataError, match="the experiment mine has no runs"):
        experiments.columns("mine")


def test_no_folder_of_an_escaped_name_is_made_beside_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "jos\u00e9 (a@b)"
    root.mkdir()
    monkeypatch.setattr(paths, "shared_root", lambda: root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with store.quietly():
        store.connect()
    assert list(tmp_path.iterdir()) == [root], "MLflow makes it, and cannot where the folder above is another user's"


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("optimizer,seed\n")
    with pytest.raises(DataError, match=r"the MLflow store cannot be read .*What helps: "):
        experiments.columns("mine", f"sqlite:///{tmp_path}/mlflow.db")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9", "pip install pysocks"),
        ("HTTP_PROXY", "http://127.0.0.1:9", "correct or unset HTTP_PROXY"),
        ("REQUESTS_CA_BUNDLE", "/nonexistent", "correct or set REQUESTS_CA_BUNDLE"),
        ("MLFLOW_TRACKING_TOKEN", "tok\nen", "give another address"),
    ],
)
def test_a_variable_that_stands_in_the_way_of_a_server_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    for other in ("NO_PROXY", "no_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    address = f"{'https' if 'CA' in name else 'http'}://example.invalid:5000"
    with pytest.raises(DataError, match=f"What helps: .*{said}") as refused:
        experiments.columns("mine", address)
    assert "tok" not in str(refused.value)
