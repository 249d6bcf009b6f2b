"""Only some rows of a table: ``--where batch_size=64``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.judge import cells, roles
from pipeline.commands.judge.table import ResultsError
from pipeline.project.errors import UserError
from pipeline.project.wording import closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.commands.judge.cells import Cell
    from pipeline.commands.judge.table import Table


def keep(table: Table, conditions: Sequence[str]) -> Table:
    """Return the rows that meet all conditions, such as ``batch_size=64``."""
    for condition in conditions:
        column, sign, value = condition.partition("=")
        if not sign:
            raise UserError(f"--where {condition!r} needs a column and a value, such as --where batch_size=64.")
        name = roles.pick(table.columns, column.strip())
        rows = [row for row, cell in enumerate(table.columns[name]) if _is(cell, value.strip())]
        if not rows:
            found = dict.fromkeys(_names(table.columns[name]))
            raise ResultsError(f"no row has {name} {value!r}{closest(value, found, most=15)}.")
        table = table.kept(rows)
    return table


def _names(column: Iterable[Cell]) -> list[str]:
    return [cells.name(cell) for cell in column if cell is not None]


def _is(cell: Cell, value: str) -> bool:
    """Return whether a cell is the value, as text or as a number."""
    if cell is None or cells.name(cell) == cells.name(value):
        return cell is not None
    if not (cells.is_number(cell) and cells.is_number(value)):
        return False
    return cells.key(cells.number(cell)) == cells.key(cells.number(value))
