"""Trainings as MLflow's runs: one experiment per problem, one parent run per optimizer, one child run per training."""

from __future__ import annotations

import hashlib
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.project import files, paths
from pipeline.running import memo
from pipeline.tracking import entities
from pipeline.tracking.store import artifacts, store_uri

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pipeline.tracking.entities import DataSet
    from pipeline.training.record import Outcome

# Stores that are written to directly, without a server that keeps the artifacts
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
# As many as MLflow gives at once
_MOST_RUNS = 50_000
# Without it, the UI guesses, and may take an experiment for one of language models and their traces
_PARENT_TAG = "mlflow.parentRunId"
_KIND_TAG, _KIND = "mlflow.experimentKind", "custom_model_development"


class Runs:
    """The runs of the store that MLflow's `client` writes to.

    `datasets` are the problems' data, by name; `searched` the names of the searched arguments, by optimizer.
    """

    def __init__(
        self, client: Any, datasets: Mapping[str, DataSet], searched: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self.client = client
        self._datasets = datasets
        self._searched = searched or {}
        self._experiments: dict[str, str] = {}
        self._parents: dict[str, str] = {}

    def write_missing(self, outcome: Outcome) -> int:
        """Write a training's run, or the tags and params that its run lacks; return 1 if anything was written."""
        if run := self.find(outcome):
            return self._complete(run, outcome)
        self._write(self._experiment(outcome.training.problem), outcome)
        return 1

    def find(self, outcome: Outcome) -> Any:
        """Return the run of a training, or None."""
        experiment = self._experiment(outcome.training.problem)
        return self._only(experiment, f"tags.key = '{outcome.key}'")

    def _only(self, experiment: str, condition: str) -> Any:
        """Return the run that meets a condition, or None.

        There may be several: an experiment that was deleted and restored brings back the runs that had been deleted
        before. The one with a model stays.
        """
        found = sorted(self.client.search_runs([experiment], condition), key=lambda run: "model" not in run.data.tags)
        for double in found[1:]:
            self.client.delete_run(double.info.run_id)
        return found[0] if found else None

    def add_metrics(self, problem: str, metrics: Mapping[str, Mapping[str, float]]) -> int:
        """Add metrics, by a training's key, to runs that lack them; return to how many."""
        experiment = self._experiment(problem)
        written = 0
        for run in self.client.search_runs([experiment], "tags.kind = 'train'", max_results=_MOST_RUNS):
            values = metrics.get(run.data.tags.get("key", ""), {})
            missing = {name: value for name, value in values.items() if run.data.metrics.get(name) != value}
            if missing:
                self.client.log_batch(run.info.run_id, metrics=[entities.metric(*item) for item in missing.items()])
                written += 1
        return written

    def known_experiment(self, problem: str) -> str | None:
        """Return the id of a problem's experiment, if it was needed before."""
        return self._experiments.get(problem)

    def _experiment(self, problem: str) -> str:
        if problem not in self._experiments:
            found = self.client.get_experiment_by_name(problem)
            if found and found.lifecycle_stage == "deleted":  # in the UI; its name stays taken
                self.client.restore_experiment(found.experiment_id)
                for remains in self.client.search_runs([found.experiment_id], "tags.writing LIKE '%'"):
                    self.client.delete_run(remains.info.run_id)
            self._experiments[problem] = found.experiment_id if found else self._new_experiment(problem)
            # the UI writes its own guess; what a person chose there stays
            if found and found.tags.get(_KIND_TAG, "_inferred").endswith("_inferred"):
                self.client.set_experiment_tag(found.experiment_id, _KIND_TAG, _KIND)
        return self._experiments[problem]

    def _new_experiment(self, problem: str) -> str:
        data = self._datasets[problem]
        # a database holds no files, and MLflow's own folder for them is relative to where a process runs
        local = store_uri().startswith(_DATABASES)
        location = str(artifacts(problem)) if local else None
        # plain text: the list of experiments does not render it
        note = f"{data.title}: {data.description}\n\nOne parent run per optimizer, one child run per training."
        tags = {"mlflow.note.content": note, "problem": problem, _KIND_TAG: _KIND}
        return str(self.client.create_experiment(problem, artifact_location=location, tags=tags))

    def _params(self, outcome: Outcome, *, shared: bool = False) -> list[Any]:
        searched = self._searched.get(outcome.training.optimizer, ())
        return entities.params(outcome, searched, shared=shared)

    def _complete(self, run: Any, outcome: Outcome) -> int:
        """Add what a run lacks: an earlier version of the project wrote it, or its parent was deleted in the UI."""
        from mlflow.entities import RunTag

        parent = self._parent(run.info.experiment_id, outcome)
        tags = [RunTag(n, v) for n, v in entities.tags(outcome).items() if n not in run.data.tags]
        if run.data.tags.get(_PARENT_TAG) != parent:
            tags.append(RunTag(_PARENT_TAG, parent))
        params = [param for param in self._params(outcome) if param.key not in run.data.params]
        if tags or params:
            self.client.log_batch(run.info.run_id, tags=tags, params=params)
        return int(bool(tags or params))

    def _write(self, experiment: str, outcome: Outcome) -> None:
        end = time.time_ns() // 1_000_000
        start = end - round(outcome.seconds * 1000)
        own = {_PARENT_TAG: self._parent(experiment, outcome), "mlflow.runName": entities.name(outcome)}
        with self._new_run(experiment, outcome, ("key", outcome.key), own, start_time=start) as run_id:
            series = entities.metrics(outcome, start, end)
            self.client.log_batch(run_id, metrics=series, params=self._params(outcome))
            if outcome.weights:
                self._log_weights(run_id, outcome)
            self.client.set_terminated(run_id, status="FAILED" if outcome.diverged else "FINISHED", end_time=end)

    def _parent(self, experiment: str, outcome: Outcome) -> str:
        """Return the run that gathers an optimizer's trials and seeds under equal settings."""
        training = outcome.training
        arguments = entities.common_arguments(outcome, self._searched.get(training.optimizer, ()))
        how = [training.precision, training.device, training.convolution, training.schedule, training.warmup_fraction]
        what = [training.problem, training.network, training.epochs, training.batch_size, training.data]
        same = [{**asdict(training.row), "arguments": arguments}, *what, *how]
        if (key := f"{training.optimizer} {files.canonical(same)}") not in self._parents:
            group = hashlib.sha256(key.encode()).hexdigest()[:32]
            known = self._only(experiment, f"tags.group = '{group}'")
            self._parents[key] = known.info.run_id if known else self._write_parent(experiment, outcome, group)
        return self._parents[key]

    def _write_parent(self, experiment: str, outcome: Outcome, group: str) -> str:
        own = {"kind": "parent", "mlflow.runName": outcome.training.optimizer}
        with self._new_run(experiment, outcome, ("group", group), own) as run_id:
            self.client.log_batch(run_id, params=self._params(outcome, shared=True))
            self.client.set_terminated(run_id)
        return run_id

    @contextmanager
    def _new_run(
        self, experiment: str, outcome: Outcome, identity: tuple[str, str], own_tags: dict[str, str], **when: int
    ) -> Iterator[str]:
        """Make a run, which gets its identifying tag last: one that was cut off half-way is deleted, not found."""
        name, value = identity
        for remains in self.client.search_runs([experiment], f"tags.writing = '{value}'"):
            self.client.delete_run(remains.info.run_id)
        tags = {**entities.tags(outcome), **entities.circumstances(), **own_tags, "writing": value}
        run_id = self.client.create_run(experiment, tags=tags, **when).info.run_id
        self.client.log_inputs(run_id, [entities.dataset_input(self._datasets[outcome.training.problem])])
        yield run_id
        self.client.set_tag(run_id, name, value)
        self.client.delete_tag(run_id, "writing")

    def _log_weights(self, run_id: str, outcome: Outcome) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.safetensors"
            # a clone after `dvc pull` has no memo
            if memo.recall(paths.memo(), outcome.key):
                path.symlink_to(memo.place(paths.memo(), outcome.key))
            else:
                files.write_tensors(path, outcome.weights or {})
            self.client.log_artifact(run_id, str(path))
