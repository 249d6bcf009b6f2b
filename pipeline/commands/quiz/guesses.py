"""The file of guesses: one line per guess, so that a class can share one."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

from pipeline.project import files
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


class Guess(NamedTuple):
    """Who guessed which order on which problem; `order` has the rows of ``params.yaml``, the best first."""

    name: str
    problem: str
    order: tuple[str, ...]


_COLUMNS = ["name", "problem", "guess"]


def read(path: Path) -> list[Guess]:
    """Read all guesses; none where there is no file.

    Raises
    ------
    DataError
        Where the file is not one of guesses.
    """
    if not path.exists():
        return []
    # a spreadsheet program may have put a byte order mark in front
    lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig", errors="replace"))))
    if not lines or lines[0] != _COLUMNS:
        raise DataError(f"{path} holds no guesses (first line: {','.join(_COLUMNS)}): name another with --file.")
    wrong = next((place for place, line in enumerate(lines, start=1) if len(line) not in (0, len(_COLUMNS))), None)
    if wrong:
        raise DataError(f"{path}, line {wrong}: it has not {len(_COLUMNS)} columns ({', '.join(_COLUMNS)}).")
    return [Guess(line[0], line[1], tuple(line[2].split())) for line in lines[1:] if line]


def add(path: Path, guess: Guess) -> None:
    """Add a guess at the end of the file, which is made if it is missing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((one.name, one.problem, " ".join(one.order)) for one in [*read(path), guess])
    files.write_text(path, text.getvalue())
