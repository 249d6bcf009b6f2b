"""The rows of a table, of whatever layout, as one kind of record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.commands.judge import cells
from pipeline.commands.judge.roles import SYNONYMS
from pipeline.commands.judge.table import ResultsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.commands.judge.cells import Cell
    from pipeline.commands.judge.table import Table


class Row(NamedTuple):
    """Where one value of the metric stands, and whose it is; None where the table has no such column."""

    row: int  # counted from 0; the table knows its line
    column: str
    optimizer: str
    seed: int | str | None = None
    problem: str | None = None
    epoch: float | None = None
    learning_rate: float | None = None

    def named(self) -> str:
        """Return ``adam, seed 3``."""
        return self.optimizer if self.seed is None else f"{self.optimizer}, seed {self.seed}"


@dataclass(frozen=True, slots=True)
class Runs:
    """All rows to judge, and how the table was understood."""

    table: Table
    rows: Sequence[Row]
    metric: str  # empty where the table has no name for its values
    understood: str
    left_out: list[str] = field(default_factory=list)
    diverged: frozenset[int] = frozenset()  # rows of the table whose training diverged


_CONVERSIONS = {"optimizer": cells.name, "seed": cells.seed, "problem": cells.name}
_NAMES = ("optimizer", "problem")


def keys(table: Table, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what identifies each row, by role; an empty cell is an error."""
    converted = {role: _converted(table, role, column) for role, column in columns.items()}
    return [dict(zip(converted, values, strict=True)) for values in zip(*converted.values(), strict=True)] or [
        {} for _ in table.numbers
    ]


def _converted(table: Table, role: str, column: str) -> list[Any]:
    empty = [row for row, cell in enumerate(table.columns[column]) if _is_empty(cell, role)]
    if empty:
        raise ResultsError(f"{table.at(empty)}: {column} is missing. Fill it in, or remove the row.")
    if convert := _CONVERSIONS.get(role):
        return [convert(cell) for cell in table.columns[column]]
    return [cells.key(table.number(column, row)) for row in range(len(table.numbers))]


def _is_empty(cell: Cell, role: str) -> bool:
    """Return whether a cell is empty; an optimizer or a problem may be called nan."""
    return not cells.name(cell) if role in _NAMES else cells.is_missing(cell)


def described(columns: Mapping[str, str]) -> str:
    """Return ``optimizer in 'opt', seed in 'Seed'``."""
    return ", ".join(f"{role.replace('_', ' ')} in {columns[role]!r}" for role in SYNONYMS if role in columns)
