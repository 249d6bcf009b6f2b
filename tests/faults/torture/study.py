"""A copy of the small study, and what must be true of it after anything that happened to it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.conftest import Project, clean_environment, copy_project

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

# What must be the same bytes; cost.json is measured, and what follows from it differs too
SAME = (
    *("runs", "data/prepared", "models/champion.safetensors", "results/metrics.json", "results/runs.csv"),
    *("results/searches.csv", "results/training_curves.csv", "results/per_class.csv", "results/confusion_matrix.csv"),
)
# How far an unbroken study has come, by the stage that is done
STATES = {"nothing": (), "prepare": ("prepare@digits",), "tune": ("tune@sgd", "tune@adam")}
STATES |= {"train": ("train@sgd", "train@adam"), "whole": ()}
# A command that takes longer hangs; an orphan may take so long to notice that it is one
HANGS_SECONDS, ORPHAN_SECONDS = 1800.0, 60.0


class NotPossibleError(Exception):
    """This machine lacks what a kind of torture needs; says what."""


@dataclass
class Copy:
    """A copy of the study: who runs it, and with which environment variables."""

    project: Project
    prefix: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    until: tuple[str, ...] = ()  # the last stage, if not all

    @property
    def folder(self) -> Path:
        return self.project.folder

    def start(self, output: Path, *command: str, largest_file: int | None = None) -> subprocess.Popen[bytes]:
        """Start ``dvc repro``, or another command, in a process group of its own."""

        def limited() -> None:
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        with output.open("wb") as file:
            return subprocess.Popen(
                [*self.prefix, *(command or ("dvc", "repro", *self.until))],
                cwd=self.folder,
                env={**clean_environment(), **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=limited,  # noqa: PLW1509
            )

    def memo(self) -> dict[str, int]:
        """Return when each finished training was written."""
        memo = self.folder / ".memo"
        return {str(path.relative_to(memo)): path.stat().st_mtime_ns for path in memo.rglob("*.safetensors")}

    def at_work(self) -> list[psutil.Process]:
        """Return the processes that work in the study's folder."""
        found = []
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(one.cwd()).is_relative_to(self.folder) and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
        return found

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of every file that must be the same."""
        found = (path for name in SAME for path in [self.folder / name, *(self.folder / name).rglob("*")])
        files = (path for path in found if path.is_file())
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def runs_missing_or_double(self, store: Path | None = None) -> Iterable[str]:
        """Compare the trainings of DVC's outputs with the runs in the MLflow store."""
        records = [*self.folder.glob("runs/tune/*/trials.json"), *self.folder.glob("runs/train/*/trainings.json")]
        wanted = {record["key"] for path in records for record in json.loads(path.read_text())}
        with contextlib.closing(sqlite3.connect(store or self.folder / "mlflow.db")) as database:
            rows = database.execute(
                "select t.value from tags t join runs r on r.run_uuid = t.run_uuid "
                "where t.key = 'key' and r.lifecycle_stage = 'active'"
            )
            found = Counter(row[0] for row in rows)
        if missing := len(wanted - set(found)):
            yield f"{missing} of {len(wanted)} runs are missing in the MLflow store"
        if double := sum(count > 1 for count in found.values()):
            yield f"{double} runs are double in the MLflow store"


class Attempt:
    """One try of one kind of torture; collects what was found wrong."""

    def __init__(self, bench: Bench, kind: str) -> None:
        self.bench, self.kind, self.chance = bench, kind, bench.chance
        self.faults: list[str] = []
        self.output = bench.root / "output.txt"

    def copy(self, *states: str, folder: Path | None = None) -> Copy:
        """Return a copy of the study that has come as far as one of some states, at random; any, if none is given."""
        self.bench.copies += 1
        folder = folder or self.bench.root / f"copy{self.bench.copies}"
        self.state = self.chance.choice(states or [name for name in STATES if name != "whole"])
        shutil.copytree(self.bench.states / self.state, folder, symlinks=True)
        return Copy(Project(folder), until=self.bench.until)

    def moment(self, longest: float = 0.3) -> float:
        """Return a random number of seconds, up to a share of what an unbroken study takes."""
        return self.chance.uniform(0.02, longest) * self.bench.seconds

    def fail(self, what: str) -> None:
        self.faults.append(f"{what[:600]}")

    def ended(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for the end of a command; one that hangs is a fault."""
        try:
            return process.wait(HANGS_SECONDS)
        except subprocess.TimeoutExpired:
            self.fail("a command hangs")
            os.killpg(process.pid, 9)
            return process.wait()

    def look(self, copy: Copy, before: dict[str, int], said: str | None = None) -> None:
        """Look at what a broken run left: no orphan, no traceback, no finished training lost or repeated."""
        end = time.monotonic() + ORPHAN_SECONDS
        while (left := copy.at_work()) and time.monotonic() < end:
            time.sleep(0.2)
        for one in left:
            with contextlib.suppress(psutil.Error):
                self.fail(f"still at work: {' '.join(one.cmdline())[:100]}")
                one.kill()
        said = self.output.read_text(errors="replace") if said is None else said
        if "Traceback" in said:
            begin = said.index("Traceback")
            self.fail(f"a traceback: {said[max(begin - 150, 0) : begin + 200]} … {said[begin:][-200:]}")
        now = copy.memo()
        if lost := sum(now.get(name) != when for name, when in before.items()):
            self.fail(f"{lost} finished trainings were lost or repeated")

    def run(self, copy: Copy, *command: str) -> bool:
        """Run ``dvc repro``, or another command, to its end and look at it; return whether it succeeded."""
        status = self.ended(copy.start(self.output, *command))
        self.look(copy, {})
        return status == 0

    def finish(self, copy: Copy, tries: int = 1, store: Path | None = None) -> None:
        """Run the study to its end, and compare it with an unbroken one."""
        before = copy.memo()
        if not any(self.run(copy) for _ in range(tries)):
            self.fail(f"the study does not go on: {self.output.read_text(errors='replace')[-400:]}")
            return
        self.look(copy, before)
        found, wanted = copy.hashes(), self.bench.reference
        if other := [name for name in {**wanted, **found} if found.get(name) != wanted.get(name)]:
            self.fail(f"other bytes: {', '.join(sorted(other)[:5])}")
        if not self.run(copy, "python", "-m", "pipeline", "ui", "--fill-only"):
            self.fail(f"make ui: {self.output.read_text(errors='replace')[-400:]}")
            return
        for fault in copy.runs_missing_or_double(store):
            self.fail(fault)
        shutil.rmtree(copy.folder, ignore_errors=True)


class Bench:
    """Where the torture happens: an unbroken study, kept in all its states, and a folder for copies."""

    def __init__(self, root: Path, chance: random.Random, until: tuple[str, ...] = ()) -> None:
        self.root, self.chance, self.until, self.copies = root, chance, until, 0
        self.states = root / "states"
        note = self.states / "seconds.json"
        if not note.exists():
            note.write_text(json.dumps(self._run_unbroken()))
        self.seconds: float = json.loads(note.read_text())
        self.reference = Copy(Project(self.states / "whole")).hashes()

    def _run_unbroken(self) -> float:
        """Run a study to its end, keep a copy of every state, and return how many seconds it took."""
        whole, began = copy_project(self.root / "unbroken"), time.perf_counter()
        for state, targets in STATES.items():
            if targets or state == "whole":
                whole.dvc("repro", *(targets or self.until))
            shutil.copytree(whole.folder, self.states / state, symlinks=True)
        seconds = time.perf_counter() - began
        for state, code in product(STATES, ("pipeline", "stages")):
            # what is compiled already: half of the time of a small study
            shutil.copytree(whole.folder / code, self.states / state / code, dirs_exist_ok=True)
        return seconds
