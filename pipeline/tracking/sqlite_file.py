"""A store in a SQLite file: it appears whole or not at all, and its artifacts are those of its own folder."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# SQLite's own files beside a database; those of a lost one would be taken for the new one's
_BESIDE = ("-journal", "-wal", "-shm")
# Where MLflow's tables say in which folder artifacts lie
_PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def is_unfinished(path: Path) -> bool:
    """Return whether the process that made a store was killed before the store was whole: it holds nothing then.

    The experiment called Default is the last that MLflow writes into a new store. A file of somebody else's is no
    store of MLflow's.
    """
    try:
        with closing(sqlite3.connect(path)) as database:
            tables = {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}
            if "experiments" not in tables:
                return not tables
            return not database.execute("select count(*) from experiments").fetchone()[0]
    except sqlite3.Error:
        return False


def make(path: Path, fill: Callable[[Path], object]) -> None:
    """Make a store under another name and rename it; what an interrupted attempt left is moved aside.

    Parameters
    ----------
    fill
        Makes a whole store in a file that does not exist. One process at a time may do so: the caller holds a lock.
    """
    if path.exists():
        path.replace(path.with_name(f"{path.name}.unfinished"))
    new = path.with_name(f"{path.name}.new")
    for remains in (new, *(one.with_name(f"{one.name}{end}") for one in (new, path) for end in _BESIDE)):
        remains.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    fill(new)
    new.rename(path)


def adopt(path: Path, artifacts: Path) -> None:
    """Let a store that was copied or moved with its folder keep its artifacts there: MLflow writes whole paths.

    Parameters
    ----------
    artifacts
        The folder in which each experiment of this store has a folder of its name.
    """
    with closing(sqlite3.connect(path)) as database, database:
        rows = database.execute("select name, artifact_location from experiments").fetchall()
        ends = {location: f"/{artifacts.name}/{name}" for name, location in rows}
        roots = {location.removesuffix(end) for location, end in ends.items() if location.endswith(end)}
        for old in roots - {str(artifacts.parent)}:
            for table, column in _PLACES:
                # substr, because % and _ in a folder's name have a meaning for LIKE
                database.execute(
                    f"update {table} set {column} = ? || substr({column}, ?) where substr({column}, 1, ?) = ?",  # noqa: S608
                    (str(artifacts.parent), len(old) + 1, len(old) + 1, f"{old}/"),
                )
