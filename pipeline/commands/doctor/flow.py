"""What DVC would rerun, because something changed or an output is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from pipeline.commands.doctor.finding import Finding, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SUBJECT = "stages"
_SECONDS = 60
# How many reasons are named; `dvc status` has them all
_SHOWN = 3


def stale(seconds: float = _SECONDS) -> Finding:
    """Ask ``dvc status`` which stages would rerun, and why."""
    command = [sys.executable, "-m", "dvc", "status", "--json"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, text=True, check=False, timeout=seconds, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return warning(_SUBJECT, f"`dvc status` gave no answer within {seconds:g} s", "dvc status")
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it did not say why"]
        complaint = next((line for line in lines if line.startswith("ERROR")), lines[-1]).removeprefix("ERROR: ")
        remedy = "dvc status, in the project's folder and when no other DVC command runs"
        return warning(_SUBJECT, f"`dvc status` failed: {complaint}", remedy)
    return summarize(json.loads(done.stdout))


def summarize(status: Mapping[str, list[Any]]) -> Finding:
    """Turn DVC's answer into one finding, with a line for each stage and its commonest reasons.

    Parameters
    ----------
    status
        By stage, a list of ``{"changed deps": {path: how}}``, ``{"changed outs": …}`` and plain words.
    """
    if not status:
        return ok(_SUBJECT, "none would rerun")
    stages: dict[str, dict[str, list[Any]]] = {}
    for name, changes in status.items():
        stages.setdefault(name.partition("@")[0], {})[name] = changes
    lines = [_line(stage, rows) for stage, rows in stages.items()]
    found = "\n".join([f"{len(status)} would rerun, and what follows from them", *lines])
    return warning(_SUBJECT, found, "dvc repro (or `dvc checkout` where only outputs are missing)")


def _line(stage: str, rows: Mapping[str, list[Any]]) -> str:
    name = next(iter(rows)) if len(rows) == 1 else f"{stage} ({len(rows)} rows)"
    reasons = Counter(reason for changes in rows.values() for change in changes for reason in _reasons(change))
    hidden = len(reasons) - _SHOWN
    shown = [reason for reason, _ in reasons.most_common(_SHOWN)] + ([f"and {hidden} more"] if hidden > 0 else [])
    return f"{name}: {', '.join(shown)}"


def _reasons(change: Any) -> Iterator[str]:
    if not isinstance(change, dict):
        yield str(change)
        return
    for changed in change.values():
        for path, how in changed.items():
            # of a params file: which keys differ, and how
            keys = f"({', '.join(f'{key} {text}' for key, text in how.items())})" if isinstance(how, dict) else how
            yield f"{path} {keys}"
