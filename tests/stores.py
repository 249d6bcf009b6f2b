"""MLflow stores as tests make and read them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline import tracking
from pipeline.console import quiet
from pipeline.tracking import DataSet, Tracker, store

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    import pytest

    from pipeline.training.record import Outcome

DATA = DataSet(
    problem="digits",
    title="Handwritten digits",
    description="Small images.",
    digest="5d41402abc4b2a76b9719d911017c592",
    source="data/prepared/learning/digits",
    shape=(8, 8, 1),
    classes=("0", "1"),
    counts={"train": 500, "validation": 100},
)


def point_to(root: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the store be the one of a project, and whatever MLflow changes in the environment be undone."""
    # set first, so that its absence is restored even where MLflow sets it
    patch.setenv("MLFLOW_TRACKING_URI", "")
    patch.delenv("MLFLOW_TRACKING_URI")
    patch.setenv("DVC_ROOT", str(root))
    for name in (*store.PATIENCE, *quiet.QUIET):
        patch.setenv(name, os.environ.get(name, ""))
        patch.delenv(name)


class Store:
    """What a store holds, asked for through MLflow's own client."""

    def __init__(self, uri: str | None = None) -> None:
        from mlflow import MlflowClient

        self.client = MlflowClient(uri or tracking.store_uri())

    def runs(self, condition: str = "", problem: str = "digits") -> list[Any]:
        experiment = self.client.get_experiment_by_name(problem).experiment_id
        return list(self.client.search_runs([experiment], condition))

    def run(self, outcome: Outcome) -> Any:
        (run,) = self.runs(f"tags.key = '{outcome.key}'", outcome.training.problem)
        return run

    def history(self, run: Any, metric: str) -> list[tuple[int, float]]:
        return [(m.step, m.value) for m in self.client.get_metric_history(run.info.run_id, metric)]


@dataclass(frozen=True, order=True)
class Entry:
    """What must not depend on how a run came into a store."""

    problem: str
    kind: str
    optimizer: str
    identity: str  # a training's key, a parent's group
    parent: str  # the parent's group
    status: str
    params: tuple[tuple[str, str], ...]
    metrics: tuple[str, ...]
    data: tuple[str, ...]
    artifacts: tuple[str, ...]
    models: int


def contents(uri: str) -> list[Entry]:
    """Return all runs of a store, sorted: two stores that hold the same, each once, give equal lists."""
    from mlflow import MlflowClient

    with store.quietly():
        client = MlflowClient(uri)
        found = []
        for experiment in client.search_experiments():
            runs = list(client.search_runs([experiment.experiment_id], max_results=1000))
            groups = {run.info.run_id: run.data.tags.get("group", "") for run in runs}
            found += [_entry(client, experiment.name, run, groups) for run in runs]
    return sorted(found)


def _entry(client: Any, problem: str, run: Any, groups: dict[str, str]) -> Entry:
    tags = run.data.tags
    return Entry(
        problem=problem,
        kind=tags["kind"],
        optimizer=tags.get("optimizer", ""),
        identity=tags.get("key") or tags.get("group") or tags["study"],
        parent=groups[tags["mlflow.parentRunId"]] if "mlflow.parentRunId" in tags else "",
        status=run.info.status,
        params=tuple(sorted(run.data.params.items())),
        metrics=tuple(sorted(run.data.metrics)),
        data=tuple(f"{used.dataset.name} {used.dataset.digest}" for used in run.inputs.dataset_inputs),
        artifacts=tuple(sorted(artifact.path for artifact in client.list_artifacts(run.info.run_id))),
        models=len(run.outputs.model_outputs) if run.outputs else 0,
    )


def registered(uri: str) -> dict[str, tuple[list[str], str]]:
    """Return by registered model: the keys of its versions, and the key of the one that the alias names."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    found = {}
    for model in client.search_registered_models():
        versions = client.search_model_versions(f"name = '{model.name}'")
        best = client.get_model_version_by_alias(model.name, "champion")
        found[model.name] = (sorted(version.tags["key"] for version in versions), best.tags["key"])
    return found


def write(root: str, outcomes: list[Outcome], start: Barrier, answers: Queue[tuple[int, list[str]]]) -> None:
    """Sync outcomes into the store of `root` as soon as all processes are there; say how many were written."""
    os.environ["DVC_ROOT"] = root
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    warnings: list[str] = []
    tracker = Tracker({"digits": DATA}, warnings.append)
    start.wait()
    answers.put((tracker.sync(outcomes), warnings))
