"""A small study that is killed again and again, at random moments: ``make torture SEED=1 KILLS=30``.

After every kill: nothing of the run is left at work, no traceback was printed, no finished training is lost. At the
end: the same bytes as an unbroken run, and in the MLflow store every training once. About two minutes a kill on two
slow cores. The result is ``benchmarks/results/torture.json``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from pipeline.project import environment, errors, files
from tests.conftest import Project, clean_environment, copy_project

RESULT = Path("benchmarks/results/torture.json")
# What is killed, with SIGKILL; every seventh kill waits for a write to the MLflow store
TARGETS = ("group", "dvc", "stage", "worker", "fork server")
EVERY_SEVENTH = 7
# What must be the same bytes; cost.json is measured, and what follows from it differs too
SAME = (
    *("runs", "data/prepared", "models", "results/metrics.json", "results/runs.csv", "results/searches.csv"),
    *("results/training_curves.csv", "results/per_class.csv", "results/confusion_matrix.csv"),
)
_SECONDS_TO_END = 20.0


@dataclass
class Study:
    """The study under torture, and what was found wrong."""

    project: Project
    reference: dict[str, str]
    seconds: float  # that an unbroken run takes
    chance: random.Random
    faults: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def start(self, output: Path, limit: int | None = None) -> subprocess.Popen[bytes]:
        """Start ``dvc repro``; with a `limit`, no file may grow beyond so many bytes, as on a full disk."""

        def limited() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        with output.open("wb") as file:
            return subprocess.Popen(
                ["dvc", "repro"],
                cwd=self.project.folder,
                env=clean_environment(),
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=limited,  # noqa: PLW1509
            )

    def check(self, what: str, output: Path, before: dict[Path, int]) -> None:
        """Look at what a broken run left."""
        self.done[what] += 1
        end = time.monotonic() + _SECONDS_TO_END
        while (left := self.at_work()) and time.monotonic() < end:
            time.sleep(0.2)
        self.faults += [f"{what}: still at work: {' '.join(one.cmdline())[:100]}" for one in left]
        for one in left:
            one.kill()
        if "Traceback" in (said := output.read_text(errors="replace")):
            self.faults.append(f"{what}: a traceback: {said[said.index('Traceback') :][-300:]}")
        now = self.memo()
        self.faults += [f"{what}: a finished training was lost or repeated" for p in before if now.get(p) != before[p]]

    def memo(self) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (self.project.folder / ".memo").rglob("*.safetensors")}

    def at_work(self) -> list[psutil.Process]:
        """Return the processes that work in the study's folder."""
        found = []
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(one.cwd()) == self.project.folder and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
        return found

    def finish(self, output: Path) -> None:
        """Run the study to its end, and compare it with an unbroken one."""
        if self.start(output).wait():
            self.faults.append(f"the study does not go on: {output.read_text(errors='replace')[-300:]}")
            return
        found = hashes(self.project)
        self.faults += [f"other bytes: {name}" for name in self.reference if found.get(name) != self.reference[name]]
        filled = self.project.run("python", "-m", "pipeline", "ui", "--fill-only", check=False)
        self.faults += [f"make ui: {filled.stderr[-300:]}"] if filled.returncode else []
        self.faults += runs_missing_or_double(self.project)
        self.done["finished"] += 1


def hashes(project: Project) -> dict[str, str]:
    """Return the SHA-256 of every file that must be the same."""
    found = (path for name in SAME for path in [project.folder / name, *(project.folder / name).rglob("*")])
    return {
        str(p.relative_to(project.folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found if p.is_file()
    }


def runs_missing_or_double(project: Project) -> list[str]:
    """Compare the trainings of DVC's outputs with the runs in the store."""
    records = [*project.folder.glob("runs/tune/*/trials.json"), *project.folder.glob("runs/train/*/trainings.json")]
    wanted = {record["key"] for path in records for record in json.loads(path.read_text())}
    with contextlib.closing(sqlite3.connect(project.folder / "mlflow.db")) as store:
        rows = store.execute(
            "select t.value from tags t join runs r on r.run_uuid = t.run_uuid "
            "where t.key = 'key' and r.lifecycle_stage = 'active'"
        )
        found = Counter(row[0] for row in rows)
    missing, double = wanted - set(found), [key for key, count in found.items() if count > 1]
    return [f"MLflow: {len(missing)} runs missing, {len(double)} double"] if missing or double else []


def kill(study: Study, process: subprocess.Popen[bytes], target: str) -> bool:
    """Kill a part of a run with SIGKILL; return whether it was there."""
    if target == "group":
        os.killpg(process.pid, signal.SIGKILL)
        return True
    if target == "dvc":
        process.kill()
        return True
    found = [one for one in study.at_work() if _is(one, target)]
    if found:
        with contextlib.suppress(psutil.Error):
            study.chance.choice(found).kill()
    return bool(found)


def _is(process: psutil.Process, target: str) -> bool:
    try:
        server = "forkserver import main" in (words := " ".join(process.cmdline()))
        parent = process.parent()
    except psutil.Error:
        return False
    if target == "stage":
        return " -m stages." in words
    # workers are forks of the server and have its command line
    of_server = server and parent is not None and "forkserver import main" in " ".join(parent.cmdline())
    return of_server if target == "worker" else server and not of_server


def strike(study: Study, number: int, output: Path) -> None:
    """Start a run, kill a part of it at a random moment, and look at what is left."""
    target = study.chance.choice(TARGETS)
    before = study.memo()
    process = study.start(output)
    end = time.monotonic() + study.chance.uniform(0.05, 0.9) * study.seconds
    store = study.project.folder / "mlflow.db-journal"
    seventh = number % EVERY_SEVENTH == EVERY_SEVENTH - 1
    while process.poll() is None and time.monotonic() < end and not (seventh and store.exists()):
        time.sleep(0.005)
    what = f"{target}{' while MLflow is written' if seventh else ''}"
    if process.poll() is None and kill(study, process, target):
        if target == "worker":
            # its training is done again: the run goes on, and is stopped as Ctrl-C does
            time.sleep(3)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
        process.wait()
        study.check(what, output, before)
    else:
        process.wait()
        study.check("not reached", output, before)


def fill_the_disk(study: Study, output: Path) -> None:
    """Let a run meet a full disk at a random size of file."""
    before = study.memo()
    study.start(output, study.chance.choice([0, 1_000, 20_000, 100_000, 400_000])).wait()
    study.check("disk full", output, before)


def main(
    seed: Annotated[int, typer.Option(help="Decides what is killed, and when.")] = 1,
    kills: Annotated[int, typer.Option(min=1, help="How many.")] = 30,
    result: Annotated[Path, typer.Option(help="Where to write.")] = RESULT,
) -> None:
    """Torture a small study of the handwritten digits."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary).resolve()
        unbroken = copy_project(root / "unbroken")
        start = time.perf_counter()
        unbroken.dvc("repro")
        seconds = time.perf_counter() - start
        print(f"unbroken: {seconds:.0f} s", flush=True)
        chance = random.Random(seed)  # noqa: S311
        study = Study(copy_project(root / "study"), hashes(unbroken), seconds, chance)
        output = root / "output.txt"
        for number in range(kills):
            strike(study, number, output)
            print(f"{number + 1} of {kills}: {dict(study.done)}, {len(study.faults)} faults", flush=True)
            if number % 5 == 4:
                fill_the_disk(study, output)
                # and it goes on in another folder
                moved = root / f"study{number}"
                shutil.move(study.project.folder, moved)
                study.project = Project(moved)
        study.finish(output)
    summary: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "seed": seed,
        "kills": kills,
        "unbroken_seconds": round(seconds),
        "seconds": round(time.perf_counter() - began),
        "done": dict(sorted(study.done.items())),
        "faults": study.faults,
        "machine": {name: value for name, value in environment.describe().items() if name != "versions"},
    }
    files.write_json(result, summary)
    print(json.dumps(summary, indent=2))
    if study.faults:
        raise typer.Exit(1)


if __name__ == "__main__":
    with errors.one_message():
        typer.run(main)
