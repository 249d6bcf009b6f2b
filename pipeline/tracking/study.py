"""One run per study: its settings, the hashes of all it was made from, its key figures and its report."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project import paths
from pipeline.results.key_figures import Summary
from pipeline.results.metrics import Metrics
from pipeline.tracking import entities
from pipeline.tracking.findings import flattened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.settings.study import Settings
    from pipeline.tracking.runs import Runs
    from pipeline.tracking.tracker import Job

EXPERIMENT = "studies"
_NOTE = "One run per study: params.yaml, dvc.lock and the report as artifacts, the key figures as metrics."
_ARTIFACTS = (paths.PARAMS, Path("dvc.lock"), paths.REPORTS / "report.html")
# the same settings and the same results: the same study
_IDENTITY = (paths.PARAMS, Metrics.PATH)


def job(settings: Settings) -> Job | None:
    """Return what writes the run of the study that lies here, or None where there is no finished one."""
    summary = Summary.read_if_there()
    return partial(_write, settings=settings, summary=summary) if summary and Metrics.PATH.exists() else None


def _write(runs: Runs, settings: Settings, summary: Summary) -> int:
    identity = _hash(_IDENTITY)
    there = [path for path in _ARTIFACTS if path.exists()]
    shown = _hash([*there, Summary.PATH])
    experiment = runs.experiment(EXPERIMENT, _NOTE, {})
    found = runs.client.search_runs([experiment], f"tags.study = '{identity}'", max_results=1)
    if found and found[0].data.tags.get("shown") == shown:
        runs.last_study = found[0].info.run_id
        return 0
    run_id = found[0].info.run_id if found else _new(runs, experiment, settings, identity)
    _fill(runs, run_id, there, summary)
    runs.client.set_tag(run_id, "shown", shown)
    runs.last_study = run_id
    return 1


def _hash(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in files:
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:32]


def _new(runs: Runs, experiment: str, settings: Settings, identity: str) -> str:
    from mlflow.entities import Param

    name = os.environ.get("DVC_EXP_NAME") or f"study {identity[:7]}"
    runs.delete_remains(experiment, identity)
    with runs.new_run(experiment, "study", ("study", identity), {"mlflow.runName": name}) as run_id:
        values = {
            "problems": " ".join(settings.study),
            "optimizers": " ".join(settings.optimizers),
            "seeds": settings.training.seeds,
            "first_seed": settings.training.first_seed,
            "points": settings.tuning.points,
            "survivors": settings.tuning.survivors,
        }
        params = [Param(key, str(value)) for key, value in values.items()]
        runs.client.log_batch(run_id, params=params)
        runs.client.set_terminated(run_id)
    return run_id


def _fill(runs: Runs, run_id: str, artifacts: Iterable[Path], summary: Summary) -> None:
    from mlflow.entities import RunTag

    figures = flattened(summary.model_dump(mode="json"))
    note = f"Best network of the main problem: **{summary.champion}**. The report is among the artifacts."
    tags = [RunTag("champion", summary.champion), RunTag("mlflow.note.content", note)]
    metrics = [entities.metric(*item) for item in figures.items()]
    runs.client.log_batch(run_id, metrics=metrics, tags=tags)
    for path in artifacts:
        runs.client.log_artifact(run_id, str(path))
