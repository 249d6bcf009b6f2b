"""The command ``optimizer-study``: the program of the project in the current folder, or else the installed one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pipeline.project import interrupts

_MARKS = ("params.yaml", "dvc.yaml", "stages/tune.py", "pipeline/__main__.py")


def main() -> None:
    """Run the program; a project's own code is never mixed with that of an installed package."""
    if _is_project(Path()) and Path("pipeline").resolve() != Path(__file__).resolve().parent:
        os.execv(sys.executable, [sys.executable, "-m", "pipeline", *sys.argv[1:]])  # noqa: S606
    interrupts.end_at_once()
    from pipeline.__main__ import main as program

    program()


def _is_project(folder: Path) -> bool:
    return all((folder / mark).is_file() for mark in _MARKS)
