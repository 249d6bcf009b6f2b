"""Seconds in which the asking machine puts one outcome into the memo: ``python -m benchmarks.bookkeeping``.

It takes outcomes one by one, so this limits how many trainings per second a cluster can deliver. MLflow is not
included: its seconds a run, of a real server on 127.0.0.1 that is filled as `make ui` fills it, come apart, beside
those of the way in which a stage writes, one run after the other.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
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

from pipeline.data import preparing, problems
from pipeline.prepared import reader
from pipeline.project import environment, errors, files, paths
from pipeline.project.errors import TrainingError
from pipeline.running import memo, refusals, trainings
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan
from pipeline.settings import loading, study
from pipeline.tracking import Tracker, entities
from pipeline.tracking.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.prepared.reader import Description
    from pipeline.training.record import Outcome, Training

RESULT = Path("benchmarks/results/bookkeeping.json")
PROBLEM, OPTIMIZER = "digits", "adam"
_TIMES = 500
_RUNS = 30


def main() -> None:
    """Measure with a real outcome of the digits, print, and write ``benchmarks/results/bookkeeping.json``."""
    settings = loading.load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = problems.by_name(PROBLEM)
        digest = preparing.prepare(dataset, dataset.load(folder), 0.2, 0, folder / "learning", folder / "test").digest
        [outcome] = trainings.run([_training(settings, digest)], lambda _: folder / "learning", 1, folder / "memo")
        seconds = []
        for number in range(_TIMES):
            again = replace(outcome, key=f"{number:032x}")
            start = time.perf_counter()
            memo.keep(folder / "memo", again)
            memo.recall(folder / "memo", again.key)
            seconds.append(time.perf_counter() - start)
        description = reader.describe(folder / "learning")
        with _server(folder / "mlflow"):
            filled = {"runs": _RUNS, **_seconds_a_run(outcome, description)}
    described = environment.describe()
    machine = {name: value for name, value in described.items() if name != "versions"}
    median = round(statistics.median(seconds), 5)
    load = round(os.getloadavg()[0], 1)
    files.write_json(
        RESULT, {"machine": machine, "load": load, "times": _TIMES, "median_seconds": median, "mlflow_server": filled}
    )
    print(f"{1000 * median:.2f} ms an outcome, so at most {1 / median:,.0f} a second (load average {load})")
    print(f"an MLflow server: {filled['filled']} s a run when it is filled, {filled['one_by_one']} s one by one")


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


def _training(settings: study.Settings, digest: str) -> Training:
    rate = settings.optimizer(OPTIMIZER).centre
    return plan("train", settings, OPTIMIZER, PROBLEM, setting=Setting(rate), seed=1, data=digest)


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
