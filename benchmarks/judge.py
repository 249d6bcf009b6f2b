"""Seconds of ``optimizer-study judge`` for large tables: ``python -m benchmarks.judge``."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import typer

from benchmarks.machine import machine
from pipeline.project import errors, files

RESULT = Path("benchmarks/results/judge.json")
# problems, optimizers, seeds
TABLES = ((1, 40, 14), (1, 12, 40), (5, 13, 30), (1, 2, 20_000))


def main() -> None:
    """Judge tables of made-up accuracies, print, and write ``benchmarks/results/judge.json``."""
    found = {}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "runs.csv")
        for problems, optimizers, seeds in TABLES:
            table(problems, optimizers, seeds).to_csv(path, index=False)
            what = f"{problems} problems, {optimizers} optimizers, {seeds} seeds"
            found[what] = round(_cpu_seconds([sys.executable, "-m", "pipeline", "judge", str(path)]), 1)
            print(f"{what}: {found[what]} CPU seconds", flush=True)
    files.write_json(RESULT, {"machine": machine(), "load": round(os.getloadavg()[0], 1), "cpu_seconds": found})


def table(problems: int, optimizers: int, seeds: int) -> pd.DataFrame:
    """Return accuracies, a row per problem, optimizer and seed: every optimizer a little better than the one before."""
    rng = np.random.default_rng(0)
    shape = (problems, optimizers, seeds)
    accuracy = 0.6 + 0.001 * np.arange(optimizers)[:, np.newaxis] + rng.normal(0, 0.01, shape)
    problem, optimizer, seed = np.indices(shape)
    return pd.DataFrame(
        {
            "problem": [f"problem{number}" for number in problem.ravel()],
            "optimizer": [f"optimizer{number}" for number in optimizer.ravel()],
            "seed": seed.ravel(),
            "test_accuracy": accuracy.ravel().round(4),
        }
    )


def _cpu_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    with errors.one_message():
        typer.run(main)
