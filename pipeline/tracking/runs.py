"""Trainings as MLflow's runs: an experiment a problem, a parent run an optimizer, a child run a training."""

from __future__ import annotations

import hashlib
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.project import files, paths
from pipeline.project.files import canonical
from pipeline.tracking import entities
from pipeline.tracking.store import store_uri

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np

    from pipeline.tracking.entities import DataSet
    from pipeline.training.record import Outcome

# Stores that are written to directly, without a server that keeps the artifacts
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
# What sort of experiment it is: left to guess, the UI may take it for one of language models and their traces
_KIND_TAG, _KIND = "mlflow.experimentKind", "custom_model_development"


class Runs:
    """The runs of a store.

    Parameters
    ----------
    client
        MLflow's, of that store.
    datasets
        The problems' data, by name.
    """

    def __init__(self, client: Any, datasets: Mapping[str, DataSet]) -> None:
        self.client = client
        self._datasets = datasets
        self._experiments: dict[str, str] = {}
        self._parents: dict[str, str] = {}

    def write_missing(self, outcome: Outcome) -> int:
        """Write a training as a run, unless it is there; return how many were written."""
        if self.find(outcome):
            return 0
        self._write(self._experiment(outcome.training.problem), outcome)
        return 1

    def find(self, outcome: Outcome) -> Any:
        """Return the run of a training, or None."""
        experiment = self._experiment(outcome.training.problem)
        found = self.client.search_runs([experiment], f"tags.key = '{outcome.key}'", max_results=1)
        return found[0] if found else None

    def add_metrics(self, problem: str, metrics: Mapping[str, Mapping[str, float]]) -> int:
        """Add metrics, by a training's key, to runs that lack them; return to how many."""
        experiment = self._experiment(problem)
        written = 0
        for run in self._all_runs(experiment, "tags.kind = 'train'"):
            values = metrics.get(run.data.tags.get("key", ""), {})
            missing = {name: value for name, value in values.items() if run.data.metrics.get(name) != value}
            if missing:
                self.client.log_batch(run.info.run_id, metrics=[entities.metric(*item) for item in missing.items()])
                written += 1
        return written

    def known_experiment(self, problem: str) -> str | None:
        """Return the id of a problem's experiment, where it was needed before."""
        return self._experiments.get(problem)

    def _experiment(self, problem: str) -> str:
        if problem not in self._experiments:
            found = self.client.get_experiment_by_name(problem)
            if found and found.lifecycle_stage == "deleted":  # in the UI; its name stays taken
                self.client.restore_experiment(found.experiment_id)
            self._experiments[problem] = found.experiment_id if found else self._new_experiment(problem)
            # the UI writes its own guess; what a person chose there stays
            if found and found.tags.get(_KIND_TAG, "_inferred").endswith("_inferred"):
                self.client.set_experiment_tag(found.experiment_id, _KIND_TAG, _KIND)
        return self._experiments[problem]

    def _new_experiment(self, problem: str) -> str:
        data = self._datasets[problem]
        # a database says nothing of files, and MLflow's own default lies relative to the folder that a process runs in
        local = store_uri().startswith(_DATABASES)
        location = str(paths.shared_root() / "mlartifacts" / problem) if local else None
        # plain text: the list of experiments shows it as it is written
        note = f"{data.title}: {data.description}\n\nA parent run an optimizer, a child run a training."
        experiment: str = self.client.create_experiment(
            problem,
            artifact_location=location,
            tags={"mlflow.note.content": note, "problem": problem, _KIND_TAG: _KIND},
        )
        return experiment

    def _write(self, experiment: str, outcome: Outcome) -> None:
        end = time.time_ns() // 1_000_000
        start = end - round(outcome.seconds * 1000)
        parent = self._parent(experiment, outcome)
        tags = {**entities.tags(outcome), "mlflow.parentRunId": parent, "mlflow.runName": entities.name(outcome)}
        # the key comes last: a run that was cut off half-way is not taken for a whole one, but written anew
        self._delete_remains(experiment, outcome.key)
        tags["writing"] = outcome.key
        run_id = self.client.create_run(experiment, start_time=start, tags=tags).info.run_id
        self.client.log_batch(run_id, metrics=entities.metrics(outcome, start, end), params=entities.params(outcome))
        self.client.log_inputs(run_id, [entities.dataset_input(self._datasets[outcome.training.problem])])
        if outcome.weights:
            self._log_weights(run_id, outcome.weights)
        status = "FAILED" if outcome.diverged else "FINISHED"
        self.client.set_terminated(run_id, status=status, end_time=end)
        self.client.set_tag(run_id, "key", outcome.key)
        self.client.delete_tag(run_id, "writing")

    def _delete_remains(self, experiment: str, identity: str) -> None:
        for remains in self.client.search_runs([experiment], f"tags.writing = '{identity}'"):
            self.client.delete_run(remains.info.run_id)

    def _parent(self, experiment: str, outcome: Outcome) -> str:
        """Return the run that gathers an optimizer's trials and seeds under equal settings."""
        training = outcome.training
        row = asdict(training.row)
        same = [training.problem, row, training.network, training.epochs, training.batch_size, training.data]
        if (key := f"{training.optimizer} {canonical(same)}") not in self._parents:
            self._parents[key] = self._find_parent(experiment, outcome, _short_hash(key))
        return self._parents[key]

    def _find_parent(self, experiment: str, outcome: Outcome, group: str) -> str:
        found = self.client.search_runs([experiment], f"tags.group = '{group}'", max_results=1)
        if found:
            return str(found[0].info.run_id)
        tags = {
            **entities.tags(outcome),
            "kind": "parent",
            "writing": group,
            "mlflow.runName": outcome.training.optimizer,
        }
        self._delete_remains(experiment, group)
        run_id: str = self.client.create_run(experiment, tags=tags).info.run_id
        self.client.log_batch(run_id, params=entities.params(outcome, shared=True))
        self.client.log_inputs(run_id, [entities.dataset_input(self._datasets[outcome.training.problem])])
        self.client.set_terminated(run_id)
        self.client.set_tag(run_id, "group", group)  # last, as a training's key
        self.client.delete_tag(run_id, "writing")
        return run_id

    def _log_weights(self, run_id: str, weights: dict[str, np.ndarray]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.safetensors"
            files.write_tensors(path, weights)
            self.client.log_artifact(run_id, str(path))

    def _all_runs(self, experiment: str, condition: str) -> Iterator[Any]:
        token = None
        while True:
            page = self.client.search_runs([experiment], condition, max_results=1000, page_token=token)
            yield from page
            token = page.token
            if not token:
                return


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
