"""Sums of files, written beside them, so that a bit that flips later is found when they are read."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project import files
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

SUMS = "MD5SUMS"  # as `md5sum --check` reads it; MD5, because DVC names the objects of its cache by it


def seal(folder: Path, others: Iterable[Path] = ()) -> None:
    """Write the sums of all files in a folder, and of others, into the folder."""
    own = (path for path in folder.iterdir() if path.is_file() and path.name != SUMS and path.name[0] != ".")
    lines = [f"{_sum(path)}  {_name(path, folder)}\n" for path in sorted([*own, *others])]
    files.write_text(folder / SUMS, "".join(lines))


def check(folder: Path, *names: str) -> None:
    """Compare files with the sums in a folder: those with certain names, or all that are listed.

    Nothing is known of a file that is not listed: an older version wrote it, or a person.

    Raises
    ------
    DataError
        Where a file is not what was written. It is removed then, with what is damaged in DVC's cache: DVC, which goes
        by size and time of change, would otherwise bring the same bytes again.
    """
    sums = folder / SUMS
    if not sums.exists():
        return
    for line in sums.read_text(encoding="utf-8", errors="replace").splitlines():
        known, _, name = line.partition("  ")
        path = Path(os.path.normpath(folder / name))
        if (name in names or not names) and path.is_file() and _sum(path) != known:
            for damaged in (path, sums, *_damaged_in_cache()):
                damaged.unlink(missing_ok=True)
            raise DataError(
                f"{path} was damaged: its bytes were not those that this project wrote. It is removed: run "
                "`dvc repro`, which makes it again; finished trainings are kept."
            )


def _name(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _damaged_in_cache() -> list[Path]:
    """Return the objects of DVC's cache whose content is not what their name says."""
    asked = subprocess.run([sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True, check=False)
    cache = Path(asked.stdout.strip() or ".dvc/cache") / "files" / "md5"
    objects = (path for path in cache.glob("??/*") if path.is_file())
    return [path for path in objects if _sum(path) != f"{path.parent.name}{path.name}".removesuffix(".dir")]
