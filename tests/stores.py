"""MLflow stores as tests make and read them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pipeline import noise, tracking
from pipeline.tracking import DataSet, Tracker

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    import pytest

    from pipeline.records import Outcome

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
    for name in (*tracking._PATIENCE, *noise._QUIET):
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


def write(root: str, outcomes: list[Outcome], start: Barrier, answers: Queue[tuple[int, list[str]]]) -> None:
    """Sync outcomes into the store of `root` as soon as all processes are there; say how many were written."""
    os.environ["DVC_ROOT"] = root
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    warnings: list[str] = []
    tracker = Tracker({"digits": DATA}, warnings.append)
    start.wait()
    answers.put((tracker.sync(outcomes), warnings))
