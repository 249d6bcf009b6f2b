"""One run of the MLflow store, read back: what was trained, from which commit, and what came out."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.project import files
from pipeline.project.errors import DataError
from pipeline.settings.spaces import LEARNING_RATE
from pipeline.tracking import entities, store
from pipeline.training.record import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np

    from pipeline.training.record import Kind, Training

_WEIGHTS = "weights.safetensors"
_COMMIT = "mlflow.source.git.commit"
# An outcome that does not exist yet has no figures of these kinds among its params
_OF_OUTCOMES = "parameters."


@dataclass(frozen=True)
class RecordedRun:
    """A training as the store has it; all params are text."""

    run_id: str
    problem: str
    optimizer: str
    kind: Kind
    key: str
    commit: str | None
    params: dict[str, str]
    metrics: dict[str, float]  # the last value of each
    weights: dict[str, np.ndarray] | None  # of a final training, by parameter name

    def searched(self, names: Collection[str]) -> dict[str, float]:
        """Return the searched arguments of the run's setting; `names` are those of the row's search."""
        return {
            name: float(self.params[f"arguments.{name}"])
            for name in names
            if name != LEARNING_RATE and f"arguments.{name}" in self.params
        }

    def differing(self, training: Training, searched: Collection[str]) -> list[str]:
        """Return a line for every param that this training would be recorded with otherwise."""
        planned = Outcome(training, "", (), None, {})
        now = {param.key: param.value for param in entities.params(planned, searched)}
        then = {name: value for name, value in self.params.items() if not name.startswith(_OF_OUTCOMES)}
        names = [*then, *(name for name in now if name not in then)]
        return [f"{n}: {then.get(n)} then, {now.get(n)} now" for n in names if then.get(n) != now.get(n)]


def read(run_id: str) -> RecordedRun:
    """Read the run of a training.

    Raises
    ------
    DataError
        If there is no such store or run, it is not the run of a training, or the store cannot be read.
    """
    from pipeline.tracking.experiments import refuse_missing

    refuse_missing(store.store_uri())
    with store.quietly():
        try:
            client = store.connect()
            run = client.get_run(run_id)
            return _recorded(client, run)
        except DataError:
            raise
        except Exception as error:  # noqa: BLE001 - MLflow, SQLAlchemy and the network have no common ancestor
            raise DataError(f"run {run_id} cannot be read from {store.shown_uri()} ({store.reason(error)}).") from None


def _recorded(client: Any, run: Any) -> RecordedRun:
    tags = run.data.tags
    if not {"key", "problem", "optimizer", "kind"} <= tags.keys():
        what = "gathers the trainings of an optimizer: take one of its child runs" if "group" in tags else "is not ours"
        raise DataError(f"run {run.info.run_id} is not the run of a training; it {what}.")
    return RecordedRun(
        run_id=run.info.run_id,
        problem=tags["problem"],
        optimizer=tags["optimizer"],
        kind=tags["kind"],
        key=tags["key"],
        commit=tags.get(_COMMIT),
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
        weights=_weights(client, run.info.run_id),
    )


def _weights(client: Any, run_id: str) -> dict[str, np.ndarray] | None:
    if not any(found.path == _WEIGHTS for found in client.list_artifacts(run_id)):
        return None
    with tempfile.TemporaryDirectory() as folder:
        return files.read_tensors(Path(client.download_artifacts(run_id, _WEIGHTS, folder)))
