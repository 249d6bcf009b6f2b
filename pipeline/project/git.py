"""Questions to git about the project."""

from __future__ import annotations

import subprocess


def ask(*arguments: str) -> str:
    """Return the output of a git command, stripped; empty where it fails or there is no git."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except OSError:  # no git here
        return ""
    return done.stdout.strip()
