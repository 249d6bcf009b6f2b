"""Whether DVC accepts the project's folder: a downloaded ZIP has no git repository, which its settings ask for."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from pipeline.project.errors import UserError

_LOCK = Path("dvc.lock")
HALF_A_LOCK = f"{_LOCK} is cut off, as a full disk leaves it"
LOCK_REMEDY = f"git checkout -- {_LOCK} (or delete it), then dvc repro"
_CONFIGS = (Path(".dvc/config"), Path(".dvc/config.local"))


def check() -> None:
    """Raise a UserError where DVC would refuse to work; a folder that is no DVC project yet becomes one by itself."""
    here = Path.cwd()
    if not Path(".dvc").exists() or any((place / ".git").exists() for place in (here, *here.parents)):
        return
    settings = "".join(path.read_text(encoding="utf-8") for path in _CONFIGS if path.exists())
    if re.search(r"^\s*no_scm\s*=\s*true\s*$", settings, re.IGNORECASE | re.MULTILINE):
        return
    remedy = "git init" if shutil.which("git") else "dvc config --local core.no_scm true"
    raise UserError(f"{here} is not a git repository, which DVC needs: run `{remedy}` here, then the same command.")


def check_lock() -> None:
    """Raise a UserError where DVC could not write its file to the end."""
    if half_a_lock():
        raise UserError(f"{HALF_A_LOCK}: {LOCK_REMEDY}. Finished trainings are kept.")


def half_a_lock() -> bool:
    """Return whether DVC's file is cut off: DVC does not write it atomically."""
    return _LOCK.exists() and not _LOCK.read_bytes().endswith(b"\n")
