"""DVC's stages by what DVC says of them: which there are, which are up to date, which runs now."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.commands.run.processes import project_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_RUNS = re.compile(r"Running stage '([^']+)'")
_STANDS = re.compile(r"'([^']+)' (?:didn't change|is cached)")
_SECONDS = 120


@dataclass(frozen=True)
class Flow:
    """The stages of a study; none where DVC did not say."""

    stages: tuple[str, ...] = ()  # such as ``tune@adam``
    stale: frozenset[str] = frozenset()  # those that would run now; others follow from them

    def is_stale(self, name: str, *, after: Sequence[str] = ()) -> bool:
        """Return whether a stage would run, or one of the kinds that come before it, such as ``prepare``."""
        return name in self.stale or any(stage.partition("@")[0] in after for stage in self.stale)


def running(line: str) -> str | None:
    """Return the stage that a line of ``dvc repro`` says is running now."""
    found = _RUNS.search(line)
    return found and found[1]


def standing(line: str) -> str | None:
    """Return the stage that a line of ``dvc repro`` says need not run."""
    found = _STANDS.search(line)
    return found and found[1]


def ask(folder: Path) -> Flow:
    """Ask DVC for the stages of a project's folder, and which are stale; they are all stale where it does not say."""
    stages = named(folder)
    status = _dvc(folder, "status", "--json")
    return Flow(stages, frozenset(json.loads(status) if status else stages))


def named(folder: Path) -> tuple[str, ...]:
    """Ask DVC for the names of all stages of a project's folder; none where it does not say."""
    return tuple(_dvc(folder, "stage", "list", "--name-only").split())


def _dvc(folder: Path, *arguments: str) -> str:
    """Return what a command of DVC prints, or nothing where it fails: ``dvc repro`` will say why."""
    command, environment = ["dvc", *arguments], project_environment()
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            # a group of its own, which Ctrl-C does not reach: `subprocess.run` ends it
            process_group=0,
        )
    except subprocess.TimeoutExpired:
        return ""
    return "" if done.returncode else done.stdout
