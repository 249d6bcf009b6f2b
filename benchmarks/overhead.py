"""Seconds that a training costs beyond its own, by engine: ``python -m benchmarks.overhead``.

Trainings of the digits, short enough for the overhead to show, on this machine's cores. The engines take turns, each
in a process of its own: its start (torch's import, the pool or the local Ray cluster, every worker's first training) is
measured apart from what follows.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.machine import machine
from pipeline.data import preparing, problems
from pipeline.project import environment, errors, files
from pipeline.running import refusals
from pipeline.running.cluster import Cluster
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan
from pipeline.running.trainings import run
from pipeline.settings import loading, study

if TYPE_CHECKING:
    from pipeline.training.record import Training

RESULT = Path("benchmarks/results/overhead.json")
ENGINES = ("processes", "ray")
PROBLEM, OPTIMIZER = "digits", "adam"


def measure(engine: str, trainings: int) -> dict[str, float]:
    """Run one training per worker, then many; return the start and the overhead per training, in seconds.

    The overhead is wall time times workers, less the trainings' own seconds, divided by the number of trainings.
    """
    settings = loading.load()
    workers = environment.available_cores()
    cluster = Cluster(most=workers) if engine == "ray" else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        dataset = problems.by_name(PROBLEM)
        digest = preparing.prepare(dataset, dataset.load(folder), 0.2, 0, folder / "learning", folder / "test").digest
        everything = [_training(settings, seed, digest) for seed in range(workers + trainings)]
        ends: list[tuple[float, float]] = []
        begin = time.perf_counter()
        run(
            everything,
            lambda _: folder / "learning",
            workers,
            folder / "memo",
            lambda outcome, fresh: ends.append((time.perf_counter(), outcome.seconds)),
            cluster,
        )
    return _overhead(begin, ends, workers)


def _overhead(begin: float, ends: list[tuple[float, float]], workers: int) -> dict[str, float]:
    # a pool's start is over when every worker has had one training
    (started, _), rest = ends[workers - 1], ends[workers:]
    own = sum(seconds for _, seconds in rest)
    wall = rest[-1][0] - started
    return {
        "start": started - begin,
        "overhead": (wall * workers - own) / len(rest),
        "training": own / len(rest),
    }


def _training(settings: study.Settings, seed: int, digest: str) -> Training:
    rate = settings.optimizer(OPTIMIZER).centre
    return plan("train", settings, OPTIMIZER, PROBLEM, setting=Setting(rate), seed=seed, data=digest)


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often every engine takes its turn.")] = 3,
    trainings: Annotated[int, typer.Option(min=10, help="Trainings a turn.")] = 100,
    only: Annotated[str, typer.Option(help="Run one engine here and print its seconds.")] = "",
) -> None:
    """Measure, print and write ``benchmarks/results/overhead.json``."""
    if only:
        print(json.dumps(measure(only, trainings)))
        return
    load = round(os.getloadavg()[0], 1)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ENGINES}
    for _ in range(rounds):
        for name in ENGINES:
            command = [sys.executable, "-m", "benchmarks.overhead", "--only", name, "--trainings", str(trainings)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            runs[name].append(json.loads(output.splitlines()[-1]))
    engines = {name: {key: _spread([run[key] for run in found]) for key in found[0]} for name, found in runs.items()}
    files.write_json(
        RESULT, {"machine": machine(), "load": load, "trainings": trainings, "rounds": rounds, "seconds": engines}
    )
    for name, found in engines.items():
        print(name, found)


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 4),
        "low": round(min(values), 4),
        "high": round(max(values), 4),
    }


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
