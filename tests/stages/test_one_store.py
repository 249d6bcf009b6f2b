"""Whichever way a run was started, the MLflow store ends the same: every training a run, exactly once."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from safetensors.numpy import load_file

from pipeline.running import outputs
from tests import needs, servers, stores
from tests.conftest import Project, copy_project

if TYPE_CHECKING:
    from pathlib import Path

WAYS = {
    "dvc exp run": ["exp", "run"],
    "dvc exp run --temp": ["exp", "run", "--temp"],
}

# A user's own look at the champion: by its registered name, through whatever the store is
PREDICT = """
import json, sys
import mlflow, numpy as np
from pipeline.prepared import reader
from pipeline.project import paths
images = reader.open_part(paths.learning("digits"), "validation").inputs[:5].copy()
model = mlflow.pyfunc.load_model("models:/digits-cnn@champion")
print(json.dumps(np.asarray(model.predict(images)).sum(axis=1).tolist()))
"""


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A study that `dvc repro` has run up to `evaluate`: the report adds figures, and a run of the study."""
    project = copy_project(tmp_path_factory.mktemp("evaluated") / "project")
    project.dvc("repro", "evaluate")
    return project


def own_store(project: Project) -> str:
    return f"sqlite:///{project.folder / 'mlflow.db'}"


def fill(project: Project, **variables: str) -> str:
    """Fill the store as `make ui` does before it serves."""
    return project.run("python", "-m", "pipeline", "ui", "--fill-only", **variables).stderr


def check_same(uri: str, reference: Project) -> None:
    """Check that a store holds what `dvc repro` writes live, and has the same champion."""
    expected = stores.contents(own_store(reference))
    found = stores.contents(uri)
    assert found == expected
    identities = [(entry.problem, entry.identity) for entry in found]
    assert len(identities) == len(set(identities))
    assert stores.registered(uri) == stores.registered(own_store(reference))


def check_artifacts(project: Project, uri: str, folder: Path) -> None:
    """Check that weights come back through a store as DVC's outputs hold them, and that the champion predicts."""
    (version,) = (client := stores.Store(uri).client).search_model_versions("name = 'digits-cnn'")
    run = client.get_run(version.run_id)
    weights = load_file(client.download_artifacts(version.run_id, "weights.safetensors", str(folder)))
    of_all = load_file(project.folder / "runs" / "train" / run.data.tags["optimizer"] / "digits.safetensors")
    own = outputs.split_by_key(of_all)[run.data.tags["key"]]
    assert {name: array.tobytes() for name, array in weights.items()} == {n: a.tobytes() for n, a in own.items()}
    sums = json.loads(project.run("python", "-c", PREDICT, MLFLOW_TRACKING_URI=uri).stdout)
    assert sums == pytest.approx([1] * 5, abs=1e-5)


def check_nothing_local(project: Project) -> None:
    assert [path.name for path in project.folder.glob("ml*")] == []


def test_a_lost_store_is_filled_with_what_repro_wrote_and_never_twice(finished_study: Project, study: Project) -> None:
    fill(study)
    check_same(own_store(study), finished_study)
    assert ": 0 runs written or completed" in fill(study)
    check_same(own_store(study), finished_study)


@pytest.mark.slow
def test_a_fresh_clone_is_filled_from_what_dvc_pulls(finished_study: Project, study: Project, tmp_path: Path) -> None:
    study.dvc("remote", "add", "--local", "-d", "shelf", str(tmp_path / "shelf"))
    study.dvc("push")
    clone = Project(tmp_path / "clone")
    study.run("git", "clone", "-q", str(study.folder), str(clone.folder))
    clone.dvc("remote", "add", "--local", "-d", "shelf", str(tmp_path / "shelf"))
    clone.dvc("pull")
    fill(clone)
    check_same(own_store(clone), finished_study)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_experiments_write_what_repro_writes(way: str, evaluated: Project, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    project.dvc(*WAYS[way], "evaluate")
    check_same(own_store(project), evaluated)


@pytest.mark.slow
def test_two_workers_at_once_write_each_run_once(evaluated: Project, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    # no training depends on it: both experiments make the very same ones
    for alpha in (0.1, 0.2):
        project.dvc("exp", "run", "--queue", "-n", f"alpha{alpha}", "-S", f"comparison.alpha={alpha}", "evaluate")
    # the workers hold on to the pipe that their starter's output goes to, so that it ends when they do
    with ThreadPoolExecutor() as waiting:
        workers = waiting.submit(project.dvc, "queue", "start", "-j", "2")
        try:
            most = most_at_once(project)
        finally:
            project.dvc("queue", "stop", "--kill")
    assert "Started '2'" in workers.result().stdout
    status = project.dvc("queue", "status").stdout
    assert status.count("Success") == 2, status
    assert most == 2
    check_same(own_store(project), evaluated)


def most_at_once(project: Project) -> int:
    """Wait until no experiment is queued or running; return how many were seen running at the same time."""
    end, most = time.monotonic() + 900, 0
    while time.monotonic() < end:
        status = project.dvc("queue", "status").stdout
        most = max(most, status.count("Running"))
        if "Running" not in status and "Queued" not in status:
            return most
        time.sleep(1)
    raise AssertionError(status)


@pytest.mark.slow
def test_what_dvc_restores_from_its_run_cache_is_filled_in(finished_study: Project, study: Project) -> None:
    for name in ("runs", "models", "data/prepared", ".memo", "logs"):
        shutil.rmtree(study.folder / name)
    (study.folder / "dvc.lock").unlink()
    output = study.dvc("repro", "evaluate").stdout
    for name in ("tune@sgd", "train@sgd", "tune@adam", "train@adam"):
        assert f"Stage '{name}' is cached" in output
    fill(study)
    check_same(own_store(study), finished_study)


@pytest.mark.slow
def test_a_server_that_was_down_is_filled_when_it_is_back(evaluated: Project, tmp_path: Path) -> None:
    project, port = copy_project(tmp_path / "project"), servers.free_port()
    uri = f"http://127.0.0.1:{port}"
    warned = project.dvc("repro", "evaluate", MLFLOW_TRACKING_URI=uri).stderr
    assert f"MLflow store {uri} cannot be used" in warned
    with servers.mlflow_server(tmp_path / "server", port):
        fill(project, MLFLOW_TRACKING_URI=uri)
        check_same(uri, evaluated)
        assert ": 0 runs written or completed" in fill(project, MLFLOW_TRACKING_URI=uri)
        check_same(uri, evaluated)
    check_nothing_local(project)


@pytest.mark.slow
def test_a_server_gets_runs_artifacts_and_models_as_they_are_made(evaluated: Project, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    with servers.mlflow_server(tmp_path / "server", servers.free_port()) as uri:
        project.dvc("repro", "evaluate", MLFLOW_TRACKING_URI=uri)
        check_same(uri, evaluated)
        check_artifacts(project, uri, tmp_path)
    check_nothing_local(project)


@pytest.mark.slow
def test_postgresql_holds_the_same_even_from_a_temporary_copy(evaluated: Project, tmp_path: Path) -> None:
    needs.psycopg2()
    project = copy_project(tmp_path / "project")
    with servers.postgres() as uri:
        project.dvc("exp", "run", "--temp", "-n", "there", "evaluate", MLFLOW_TRACKING_URI=uri)
        check_same(uri, evaluated)
        project.dvc("exp", "apply", "there")
        check_artifacts(project, uri, tmp_path)


@pytest.mark.slow
def test_a_server_on_postgresql_is_filled(finished_study: Project, study: Project, tmp_path: Path) -> None:
    needs.psycopg2()
    with (
        servers.postgres() as database,
        servers.mlflow_server(tmp_path / "server", servers.free_port(), database) as uri,
    ):
        fill(study, MLFLOW_TRACKING_URI=uri)
        check_same(uri, finished_study)
        check_artifacts(study, uri, tmp_path)
    check_nothing_local(study)
