"""SIGKILL at a random moment, to a random part of a run; every seventh while the MLflow store is written to."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    import subprocess

    from tests.faults.torture.study import Attempt, Copy

TARGETS = ("group", "dvc", "stage", "worker", "fork server")
EVERY_SEVENTH = 7
# What a run goes on without
SURVIVED = ("worker", "fork server")
_STORE_SECONDS, _GOES_ON_SECONDS = 120.0, 10.0


def is_seventh(number: int) -> bool:
    return number % EVERY_SEVENTH == EVERY_SEVENTH - 1


def strike(attempt: Attempt, target: str, number: int, copy: Copy) -> bool:
    """Start a run, and kill a part of it; return False where the run came to its end before."""
    before = copy.memo()
    process = copy.start(attempt.output)
    seventh = is_seventh(number)
    end = time.monotonic() + (_STORE_SECONDS if seventh else attempt.moment())
    journal = copy.folder / "mlflow.db-journal"
    while process.poll() is None and time.monotonic() < end and not (seventh and journal.exists()):
        time.sleep(0.005)
    struck = False
    while process.poll() is None and not (struck := _kill(attempt, process, target, copy)):
        time.sleep(0.01)  # there is no such process at this moment
    if target in SURVIVED and process.poll() is None:
        # it is started again and the run goes on, until it is stopped as Ctrl-C does
        time.sleep(_GOES_ON_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
    attempt.ended(process)
    attempt.look(copy, before)
    return struck


def _kill(attempt: Attempt, process: subprocess.Popen[bytes], target: str, copy: Copy) -> bool:
    """Kill a part of a run; return whether it was there."""
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        if target == "group":
            os.killpg(process.pid, signal.SIGKILL)
            return True
        if target == "dvc":
            process.kill()
            return True
        if found := [one for one in copy.at_work() if is_a(one, target)]:
            attempt.chance.choice(found).kill()
            return True
    return False


def is_a(process: psutil.Process, target: str) -> bool:
    """Return whether a process is the stage, the fork server, or a worker."""
    try:
        server = "forkserver import main" in (words := " ".join(process.cmdline()))
        parent = process.parent()
        # workers are forks of the server and have its command line
        of_server = server and parent is not None and "forkserver import main" in " ".join(parent.cmdline())
    except psutil.Error:
        return False
    if target == "stage":
        return " -m stages." in words
    return of_server if target == "worker" else server and not of_server
