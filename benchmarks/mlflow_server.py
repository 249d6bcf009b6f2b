"""Seconds a run in which a real MLflow server on 127.0.0.1 is filled: ``python -m benchmarks.mlflow_server``.

Filled as `make ui` fills it, many runs at a time; and, beside that, as a stage writes, one run after the other. Each
with the history, settings and weights of a final training of the digits.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from benchmarks.bookkeeping import OPTIMIZER, PROBLEM
from benchmarks.machine import machine
from pipeline.data import preparing, problems
from pipeline.prepared import reader
from pipeline.project import errors, files, paths
from pipeline.project.errors import TrainingError
from pipeline.running import refusals, trainings
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan
from pipeline.settings import loading
from pipeline.tracking import Tracker, entities
from pipeline.tracking.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.prepared.reader import Description
    from pipeline.training.record import Outcome

RESULT = Path("benchmarks/results/mlflow_server.json")
_RUNS = 30


def main() -> None:
    """Measure with a real outcome of the digits, print, and write ``benchmarks/results/mlflow_server.json``."""
    settings = loading.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        learning, dataset = folder / "learning", problems.by_name(PROBLEM)
        digest = preparing.prepare(dataset, dataset.load(folder), 0.2, 0, learning, folder / "test").digest
        setting = Setting(settings.optimizer(OPTIMIZER).centre)
        training = plan("train", settings, OPTIMIZER, PROBLEM, setting=setting, seed=1, data=digest)
        [outcome] = trainings.run([training], lambda _: learning, 1, folder / "memo")
        with _server(folder / "mlflow"):
            found = _seconds_a_run(outcome, reader.describe(learning))
    load = round(os.getloadavg()[0], 1)
    files.write_json(RESULT, {"machine": machine(), "load": load, "runs": _RUNS, "seconds_a_run": found})
    print(f"{found['filled']} s a run, {found['one_by_one']} s one after the other (load average {load})")


@contextmanager
def _server(folder: Path) -> Iterator[None]:
    """Start a server of MLflow with a database and files in a folder; all of this process writes there."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "2",
        *places,
    ]
    os.environ["MLFLOW_TRACKING_URI"] = address = f"http://127.0.0.1:{port}"
    # jobs belong to the evaluation of language models, and each is a process
    variables = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(command, env=variables, start_new_session=True, stdout=nowhere, stderr=nowhere) as server:
        try:
            while server.poll() is None:
                with suppress(OSError), urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310
                    break
                time.sleep(0.2)
            yield
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def _seconds_a_run(outcome: Outcome, description: Description) -> dict[str, float]:
    """Return how long a run takes: written one by one, and filled in many at a time."""
    facts = {name: getattr(description, name) for name in ("title", "description", "shape", "classes", "counts")}
    data = entities.DataSet(problem=PROBLEM, digest=description.digest[:32], source=str(paths.LEARNING), **facts)
    found = {}
    for way in ("one_by_one", "filled"):
        tracker = Tracker({PROBLEM: data}, _refused)
        outcomes = [replace(outcome, key=f"{way[0]}{number:031x}") for number in range(_RUNS + 1)]
        # not counted: the connection, the experiment, the parent run
        tracker.sync(outcomes[:1])
        start = time.perf_counter()
        if way == "filled":
            tracker.sync(outcomes[1:])
        else:
            for one in outcomes[1:]:
                tracker.do(partial(Runs.write_missing, outcome=one))
        found[way] = round((time.perf_counter() - start) / _RUNS, 4)
    return found


def _refused(message: str) -> None:
    raise TrainingError(message)


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
