"""What DVC would rerun, because something changed or an output is missing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.commands.doctor.finding import Finding, ok, problem, warning
from pipeline.commands.run import repository
from pipeline.project.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SUBJECT = "stages"
_SECONDS = 60


def stale(seconds: float = _SECONDS) -> Finding:
    """Ask ``dvc status`` which stages would rerun."""
    try:
        repository.check()
    except UserError as error:
        return problem(_SUBJECT, str(error), "git init")
    if repository.half_a_lock():
        return problem(_SUBJECT, repository.HALF_A_LOCK, repository.LOCK_REMEDY)
    command = [sys.executable, "-m", "dvc", "status", "--json"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, text=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return warning(_SUBJECT, f"`dvc status` gave no answer within {seconds:g} s", "dvc status")
    if done.returncode:
        return _failed(done.stderr)
    return summarize(json.loads(done.stdout))


def _failed(said: str) -> Finding:
    """Tell a moment that is not the right one from what would stop `dvc repro` too."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["it did not say why"]
    # of a file that cannot be read, the first line names it, and the second one the place
    complaint = next((line for line in lines if line.startswith("ERROR")), " ".join(lines[:2])).removeprefix("ERROR: ")
    found = f"`dvc status` failed: {complaint}"
    if re.search("lock|busy|DVC repository", complaint):
        return warning(_SUBJECT, found, "dvc status, in the project's folder and when no other DVC command runs")
    return problem(_SUBJECT, found, "correct what it names, then dvc status")


def summarize(stages: Iterable[str]) -> Finding:
    """Name the stages that would rerun, the rows of one stage together: ``tune (13 rows)``."""
    rows = Counter(name.partition("@")[0] for name in stages)
    if not rows:
        return ok(_SUBJECT, "none would rerun")
    listed = ", ".join(name if count == 1 else f"{name} ({count} rows)" for name, count in rows.items())
    remedy = "dvc status (says why), then dvc repro (or dvc checkout where only outputs are missing)"
    return warning(_SUBJECT, f"would rerun, and what follows from them: {listed}", remedy)
