"""Seconds in which the asking machine puts one outcome into the memo: ``python -m benchmarks.bookkeeping``.

It takes outcomes one by one, so this limits how many trainings per second a cluster can deliver. MLflow is not
included.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from benchmarks.machine import machine
from pipeline.data import preparing, problems
from pipeline.project import errors, files
from pipeline.running import memo, refusals, trainings
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan
from pipeline.settings import loading, study

if TYPE_CHECKING:
    from pipeline.training.record import Training

RESULT = Path("benchmarks/results/bookkeeping.json")
PROBLEM, OPTIMIZER = "digits", "adam"
_TIMES = 500


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
    median = round(statistics.median(seconds), 5)
    load = round(os.getloadavg()[0], 1)
    files.write_json(RESULT, {"machine": machine(), "load": load, "times": _TIMES, "median_seconds": median})
    print(f"{1000 * median:.2f} ms an outcome, so at most {1 / median:,.0f} a second (load average {load})")


def _training(settings: study.Settings, digest: str) -> Training:
    rate = settings.optimizer(OPTIMIZER).centre
    return plan("train", settings, OPTIMIZER, PROBLEM, setting=Setting(rate), seed=1, data=digest)


if __name__ == "__main__":
    with errors.one_message(), refusals.in_words():
        typer.run(main)
