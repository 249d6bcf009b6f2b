"""Trainings -> MLflow. The only file that imports it.

Every training is one run, exactly once: its tag ``key`` is the hash of all that decides its outcome, and `sync`
writes what a store lacks. A store that cannot be reached costs one warning; the runs are filled in later.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
import textwrap
import threading
import time
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipeline import files, git, noise, paths
from pipeline.imports import without_collector
from pipeline.records import Outcome, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import numpy as np
    from torch import nn

# MLflow would try a server that is down for minutes
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "8"}
# What a model needs to be served, without the seconds that MLflow takes to infer it
_MODEL_PACKAGES = ("torch", "numpy")
_MODEL_NAME = "model"
# Stores that are written to directly, without a server that keeps the artifacts
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
# Alias of the best version of a registered model
_BEST = "champion"
# What sort of experiment it is: left to guess, the UI may take it for one of language models and their traces
_KIND_TAG, _KIND = "mlflow.experimentKind", "custom_model_development"


@dataclass(frozen=True)
class DataSet:
    """What MLflow shows of a problem's data.

    Attributes
    ----------
    problem, title, description
        Name of the experiment, and what it says of itself.
    digest
        Up to 36 characters: DVC's hash of the prepared examples.
    source
        Where DVC keeps them.
    shape, classes, counts
        Of one input; names; examples of each part.
    """

    problem: str
    title: str
    description: str
    digest: str
    source: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    counts: dict[str, int]


def store_uri() -> str:
    """Return the store's address: ``MLFLOW_TRACKING_URI``, or a SQLite file in the user's project."""
    # a folder's name may hold what means something else in an address, such as ? and #
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{quote(str(paths.shared_root() / 'mlflow.db'), '/ ')}"


class Tracker:
    """A connection to an MLflow store that never stops the work it records.

    Parameters
    ----------
    datasets
        The problems' data, by name.
    warn
        Told once, in one sentence, when the store cannot be used.
    """

    def __init__(self, datasets: Mapping[str, DataSet], warn: Callable[[str], None]) -> None:
        self._datasets = datasets
        self._warn = warn
        self._client: Any = None
        self._experiments: dict[str, str] = {}
        self._parents: dict[str, str] = {}
        self._lock = threading.Lock()
        self.usable = True

    def connect(self) -> None:
        """Open the store, if that was not done yet. Done by itself when it is first needed."""
        self._attempt(lambda: 0)

    def sync(self, outcomes: Iterable[Outcome]) -> int:
        """Write those trainings that the store lacks.

        Returns
        -------
        int
            How many were written; 0 where the store cannot be used.
        """
        return sum(self._attempt(partial(self._write_missing, outcome)) for outcome in outcomes)

    def sync_metrics(self, problem: str, metrics: Mapping[str, Mapping[str, float]]) -> int:
        """Add final metrics to runs that lack them or hold others (of an older evaluation).

        Parameters
        ----------
        problem
            Name of the experiment.
        metrics
            By a training's key: name and value.
        """
        return self._attempt(lambda: self._add_metrics(problem, metrics))

    def sync_model(self, outcome: Outcome, make: Callable[[], nn.Module], example: np.ndarray) -> int:
        """Log the model of a training with signature and input example, where its run has none.

        Parameters
        ----------
        outcome
            The training; its run is there.
        make
            Builds the model (only called where it is needed).
        example
            uint8 images (n ≥ 2, height, width, channels).
        """
        return self._attempt(lambda: self._log_model(outcome, make, example))

    def sync_registry(self, name: str, outcome: Outcome) -> int:
        """Register the model of a training, and let the alias ``champion`` name the best one of the same data.

        Parameters
        ----------
        name
            Of the registered model.
        outcome
            The training, with a validation accuracy; nothing is registered where its run has no model.
        """
        return self._attempt(lambda: self._register(name, outcome))

    def page(self, problem: str) -> str:
        """Return where a UI shows a problem's runs: what to append to its address, empty before anything is known.

        The address names the kind of work, because the UI starts with pages of language models otherwise.
        """
        experiment = self._experiments.get(problem)
        return f"/#/experiments/{experiment}/runs?workflowType=machine_learning" if experiment else ""

    def _attempt(self, write: Callable[[], int]) -> int:
        # one at a time: two threads that find the store out of reach would both say so
        with self._lock:
            if not self.usable:
                return 0
            try:
                with _quiet(), _one_writer():
                    if self._client is None:
                        self._client = _connect()
                    return write()
            except Exception as error:  # noqa: BLE001 - whatever a store or its network does, the study goes on
                self.usable = False
                self._warn(
                    f"MLflow store {shown_uri()} cannot be used ({_reason(error)}). "
                    "The study goes on without it; `make ui` fills the runs in later."
                )
                return 0

    def _write_missing(self, outcome: Outcome) -> int:
        experiment = self._experiment(outcome.training.problem)
        if self._client.search_runs([experiment], f"tags.key = '{outcome.key}'", max_results=1):
            return 0
        self._write(experiment, outcome)
        return 1

    def _experiment(self, problem: str) -> str:
        if problem not in self._experiments:
            found = self._client.get_experiment_by_name(problem)
            if found and found.lifecycle_stage == "deleted":  # in the UI; its name stays taken
                self._client.restore_experiment(found.experiment_id)
            self._experiments[problem] = found.experiment_id if found else self._new_experiment(problem)
            # the UI writes its own guess; what a person chose there stays
            if found and found.tags.get(_KIND_TAG, "_inferred").endswith("_inferred"):
                self._client.set_experiment_tag(found.experiment_id, _KIND_TAG, _KIND)
        return self._experiments[problem]

    def _new_experiment(self, problem: str) -> str:
        data = self._datasets[problem]
        # a database says nothing of files, and MLflow's own default lies relative to the folder that a process runs in
        local = store_uri().startswith(_DATABASES)
        location = str(paths.shared_root() / "mlartifacts" / problem) if local else None
        # plain text: the list of experiments shows it as it is written
        note = f"{data.title}: {data.description}\n\nA parent run an optimizer, a child run a training."
        experiment: str = self._client.create_experiment(
            problem,
            artifact_location=location,
            tags={"mlflow.note.content": note, "problem": problem, _KIND_TAG: _KIND},
        )
        return experiment

    def _write(self, experiment: str, outcome: Outcome) -> None:
        end = time.time_ns() // 1_000_000
        start = end - round(outcome.seconds * 1000)
        parent = self._parent(experiment, outcome)
        tags = {**_tags(outcome), "mlflow.parentRunId": parent, "mlflow.runName": _name(outcome)}
        # the key comes last: a run that was cut off half-way is not taken for a whole one, but written anew
        self._delete_remains(experiment, outcome.key)
        tags["writing"] = outcome.key
        run_id = self._client.create_run(experiment, start_time=start, tags=tags).info.run_id
        self._client.log_batch(run_id, metrics=_metrics(outcome, start, end), params=_params(outcome))
        self._client.log_inputs(run_id, [_dataset_input(self._datasets[outcome.training.problem])])
        if outcome.weights:
            self._log_weights(run_id, outcome.weights)
        status = "FAILED" if outcome.diverged else "FINISHED"
        self._client.set_terminated(run_id, status=status, end_time=end)
        self._client.set_tag(run_id, "key", outcome.key)
        self._client.delete_tag(run_id, "writing")

    def _delete_remains(self, experiment: str, identity: str) -> None:
        for remains in self._client.search_runs([experiment], f"tags.writing = '{identity}'"):
            self._client.delete_run(remains.info.run_id)

    def _parent(self, experiment: str, outcome: Outcome) -> str:
        """Return the run that gathers an optimizer's trials and seeds under equal settings."""
        training = outcome.training
        same = [training.problem, training.row, training.network, training.epochs, training.batch_size, training.data]
        if (key := f"{training.optimizer} {canonical(same)}") not in self._parents:
            self._parents[key] = self._find_parent(experiment, outcome, _short_hash(key))
        return self._parents[key]

    def _find_parent(self, experiment: str, outcome: Outcome, group: str) -> str:
        found = self._client.search_runs([experiment], f"tags.group = '{group}'", max_results=1)
        if found:
            return str(found[0].info.run_id)
        tags = {
            **_tags(outcome),
            "kind": "parent",
            "writing": group,
            "mlflow.runName": outcome.training.optimizer,
        }
        self._delete_remains(experiment, group)
        run_id: str = self._client.create_run(experiment, tags=tags).info.run_id
        self._client.log_batch(run_id, params=_params(outcome, shared=True))
        self._client.log_inputs(run_id, [_dataset_input(self._datasets[outcome.training.problem])])
        self._client.set_terminated(run_id)
        self._client.set_tag(run_id, "group", group)  # last, as a training's key
        self._client.delete_tag(run_id, "writing")
        return run_id

    def _log_weights(self, run_id: str, weights: dict[str, np.ndarray]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.safetensors"
            files.write_tensors(path, weights)
            self._client.log_artifact(run_id, str(path))

    def _add_metrics(self, problem: str, metrics: Mapping[str, Mapping[str, float]]) -> int:
        experiment = self._experiment(problem)
        written = 0
        for run in self._all_runs(experiment, "tags.kind = 'train'"):
            values = metrics.get(run.data.tags.get("key", ""), {})
            missing = {name: value for name, value in values.items() if run.data.metrics.get(name) != value}
            if missing:
                self._client.log_batch(run.info.run_id, metrics=[_metric(*item) for item in missing.items()])
                written += 1
        return written

    def _all_runs(self, experiment: str, condition: str) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs([experiment], condition, max_results=1000, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _log_model(self, outcome: Outcome, make: Callable[[], nn.Module], example: np.ndarray) -> int:
        experiment = self._experiment(outcome.training.problem)
        runs = self._client.search_runs([experiment], f"tags.key = '{outcome.key}'", max_results=1)
        if not runs or self._model_of(runs[0]):
            return 0
        import mlflow
        import torch
        from mlflow.models import infer_signature

        mlflow.set_tracking_uri(store_uri())
        model = make()
        with torch.inference_mode():
            output = model(torch.from_numpy(example)).numpy()
        requirements = [f"{name}=={_version(name)}" for name in _MODEL_PACKAGES]
        with mlflow.start_run(run_id=runs[0].info.run_id):
            mlflow.pytorch.log_model(
                model,
                name=_MODEL_NAME,
                signature=infer_signature(example, output),
                input_example=example,
                pip_requirements=requirements,
                serialization_format="pt2",
                # it would load the model again and predict on the example: a quarter of the time
                validate_serving_input=False,
            )
        # start_run opened the run again: it ended when its training did
        self._client.set_terminated(runs[0].info.run_id, end_time=runs[0].info.end_time)
        self._client.set_tag(runs[0].info.run_id, "model", _MODEL_NAME)
        return 1

    def _register(self, name: str, outcome: Outcome) -> int:
        experiment = self._experiment(outcome.training.problem)
        runs = self._client.search_runs([experiment], f"tags.key = '{outcome.key}'", max_results=1)
        if not runs or not (model := self._model_of(runs[0])):
            return 0
        if not self._client.search_registered_models(f"name = '{name}'"):
            self._client.create_registered_model(name, description=_registered_description(outcome))
        versions = {found.tags.get("key"): found for found in self._client.search_model_versions(f"name = '{name}'")}
        new = outcome.key not in versions
        if new:
            versions[outcome.key] = self._new_version(name, outcome, runs[0], model)
        moved = self._move_alias(name, [v for v in versions.values() if v.tags.get("data") == outcome.training.data])
        return int(new or moved)

    def _model_of(self, run: Any) -> str | None:
        """Return the id of a run's logged model, or None: it may have been deleted in the UI since."""
        if "model" not in run.data.tags:
            return None
        of_run = f"source_run_id = '{run.info.run_id}'"
        found = self._client.search_logged_models([run.info.experiment_id], of_run)
        return next((str(model.model_id) for model in found if model.status == "READY"), None)

    def _new_version(self, name: str, outcome: Outcome, run: Any, model: str) -> Any:
        tags = {tag: run.data.tags[tag] for tag in ("optimizer", "problem", "key")}
        tags |= {"validation_accuracy": str(outcome.validation_accuracy), "data": outcome.training.data}
        if commit := run.data.tags.get("mlflow.source.git.commit"):
            tags["git_commit"] = commit
        return self._client.create_model_version(
            name, f"models:/{model}", run_id=run.info.run_id, model_id=model, tags=tags
        )

    def _move_alias(self, name: str, versions: list[Any]) -> bool:
        """Let the alias name the version with the best validation accuracy; of equals, the one that it names."""
        if not versions:
            return False
        (registered,) = self._client.search_registered_models(f"name = '{name}'")
        current = registered.aliases.get(_BEST)
        best = max(versions, key=lambda v: (float(v.tags["validation_accuracy"]), str(v.version) == str(current)))
        if str(best.version) == str(current):
            return False
        self._client.set_registered_model_alias(name, _BEST, best.version)
        return True


def shown_uri() -> str:
    """Return the store's address as it may be shown: without a password."""
    return _without_password(store_uri())


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]+@", "//", text)


def _reason(error: Exception) -> str:
    return textwrap.shorten(f"{type(error).__name__}: {_without_password(str(error))}", 120, placeholder="…")


def _connect() -> Any:
    with without_collector():
        from mlflow import MlflowClient

        client = MlflowClient(store_uri())
        client.search_experiments(max_results=1)
    return client


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's telemetry, banners and long retries away, unless the user asked for them."""
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        noise.hush()
        yield


@contextlib.contextmanager
def _one_writer() -> Iterator[None]:
    """Let one process at a time look and write: two that find a run missing would both write it."""
    from filelock import FileLock

    folder = paths.memo()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "mlflow.lock"):
        yield


def _tags(outcome: Outcome) -> dict[str, str]:
    tags = {
        "optimizer": outcome.training.optimizer,
        "problem": outcome.training.problem,
        "kind": outcome.training.kind,
        "dvc_stage": os.environ.get("DVC_STAGE", ""),
        "dvc_exp": os.environ.get("DVC_EXP_NAME", ""),
        "mlflow.source.name": "dvc repro",
        "mlflow.source.type": "PROJECT",
        "mlflow.source.git.commit": git.ask("rev-parse", "--verify", "--quiet", "HEAD"),
    }
    return {name: value for name, value in tags.items() if value}


def _registered_description(outcome: Outcome) -> str:
    return (
        f"Networks for {outcome.training.problem}: stored pixels in (uint8, batch x height x width x channels), "
        f"probabilities of the classes out. The alias {_BEST} names the one that gets most of the validation examples "
        "right, among those trained on the same data."
    )


def _name(outcome: Outcome) -> str:
    training = outcome.training
    what = f"lr {training.learning_rate:g}" if training.kind == "tune" else f"seed {training.seed}"
    return f"{training.optimizer} {what}"


def _params(outcome: Outcome, *, shared: bool = False) -> list[Any]:
    from mlflow.entities import Param

    training = outcome.training
    values: dict[str, Any] = {
        "optimizer": training.optimizer,
        "class": training.row["class"],
        "network": training.network,
        "epochs": training.epochs,
        "batch_size": training.batch_size,
        "precision": training.precision,
        "device": training.device,
    }
    values |= {f"arguments.{name}": value for name, value in training.row["arguments"].items()}
    if rest := training.row.get("rest"):
        values |= {"rest.class": rest["class"]} | {f"rest.arguments.{n}": v for n, v in rest["arguments"].items()}
    values |= {f"parameters.{name}": count for name, count in outcome.parameters.items()}
    if not shared:
        values |= {"learning_rate": training.learning_rate, "seed": training.seed}
    return [Param(name, str(value)) for name, value in values.items()]


def _metrics(outcome: Outcome, start: int, end: int) -> list[Any]:
    from mlflow.entities import Metric

    steps = outcome.last.step
    series = []
    for point in outcome.history:
        when = start + (end - start) * point.step // steps
        values = {
            "epoch": outcome.training.epochs * point.step / steps if not outcome.diverged else None,
            "images": point.images,
            "train_loss": point.train_loss,
            "update_rms": point.update,
            "validation_loss": point.validation_loss,
            "validation_accuracy": point.validation_accuracy,
        }
        series += [Metric(n, float(v), when, point.step) for n, v in values.items() if v is not None]
    if outcome.diverged_at is not None:
        series.append(Metric("diverged_at", float(outcome.diverged_at), end, steps))
    return series


def _metric(name: str, value: float) -> Any:
    from mlflow.entities import Metric

    return Metric(name, value, time.time_ns() // 1_000_000, 0)


def _dataset_input(data: DataSet) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    tensor = {"type": "tensor", "tensor-spec": {"dtype": "uint8", "shape": [-1, *data.shape]}}
    labels = {"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}
    schema = {"mlflow_tensorspec": {"features": json.dumps([tensor]), "targets": json.dumps([labels])}}
    dataset = Dataset(
        name=data.problem,
        digest=data.digest,
        source_type="local",
        source=json.dumps({"uri": data.source}),
        schema=json.dumps(schema),
        profile=json.dumps({**data.counts, "classes": list(data.classes)}),
    )
    return DatasetInput(dataset=dataset, tags=[InputTag("mlflow.data.context", "training and validation")])


def _short_hash(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _version(distribution: str) -> str:
    from importlib.metadata import version

    # a local label such as +cpu is not known to the default registry
    return version(distribution).split("+")[0]
