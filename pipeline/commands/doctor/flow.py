"""What DVC would rerun, and whether the outputs of the last run are there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from pipeline.commands.doctor.finding import Finding, ok, warning
from pipeline.project import paths
from pipeline.results.comparison import Comparison
from pipeline.results.metrics import Metrics
from pipeline.results.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUBJECT = "stages"
_SECONDS = 60
# How many reasons or files are named; `dvc status` has them all
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
        remedy = "dvc status, in the project's folder and when no other DVC command runs"
        return warning(_SUBJECT, f"`dvc status` failed: {_complaint(done.stderr)}", remedy)
    return summarize(json.loads(done.stdout))


def _complaint(text: str) -> str:
    lines = text.strip().splitlines() or ["it did not say why"]
    return next((line for line in lines if line.startswith("ERROR")), lines[-1]).removeprefix("ERROR: ")


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
    return warning(_SUBJECT, found, "dvc repro (or `dvc checkout` where outputs alone are missing)")


def _line(stage: str, rows: Mapping[str, list[Any]]) -> str:
    name = next(iter(rows)) if len(rows) == 1 else f"{stage} ({len(rows)} rows)"
    reasons = Counter(reason for changes in rows.values() for change in changes for reason in _reasons(change))
    return f"{name}: {', '.join(_first([reason for reason, _ in reasons.most_common()]))}"


def _reasons(change: Any) -> list[str]:
    if not isinstance(change, dict):
        return [str(change)]
    return [f"{path} {_how(how)}" for changed in change.values() for path, how in changed.items()]


def _how(how: Any) -> str:
    """Return ``modified``, or, of a params file, which keys differ and how."""
    if not isinstance(how, dict):
        return str(how)
    return "(" + ", ".join(f"{key} {text}" for key, text in how.items()) + ")"


def _first(items: list[str]) -> list[str]:
    hidden = len(items) - _SHOWN
    return [*items[:_SHOWN], f"and {hidden} more"] if hidden > 0 else items


def outputs(optimizers: list[str]) -> Finding:
    """Look for what the last run left: results, report, champion, and every optimizer's trainings."""
    expected = [
        Metrics.PATH,
        Comparison.PATH,
        Verdicts.PATH,
        paths.REPORTS / "report.html",
        paths.REPORTS / "report.md",
        paths.CHAMPION_WEIGHTS,
        *(paths.trainings(name) for name in optimizers),
    ]
    absent = [str(path) for path in expected if not path.exists()]
    if not absent:
        return ok("outputs", f"results, report, champion and the trainings of {len(optimizers)} optimizers are there")
    remedy = "dvc checkout, where DVC's cache has them; else dvc repro"
    return warning("outputs", f"not there: {', '.join(_first(absent))}", remedy)
