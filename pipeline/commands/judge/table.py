"""A table of somebody's results as it was read: named columns, and where each row stands in the file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.commands.judge import cells
from pipeline.project.errors import DataError
from pipeline.project.wording import closest, listed, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.commands.judge.cells import Cell

MOST_NAMED = 5
_MOST_COLUMNS_NAMED = 15


class ResultsError(DataError):
    """A table of results cannot be judged as it stands."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length by name; names are clean, cells are as they were read, and None is an empty cell."""

    columns: dict[str, list[Cell]]
    numbers: Sequence[int]  # of each row's line in the file, or of the row
    unit: str = "line"  # what `numbers` count: lines of a text, rows of all else
    read: tuple[str, ...] = ()  # what had to be found out to read it, such as its separator

    def at(self, rows: Iterable[int]) -> str:
        """Return ``line 3`` or ``lines 3, 7 and 2 more`` for rows that are counted from 0."""
        named = sorted(self.numbers[row] for row in rows)
        return f"{self.unit}{'s' if len(named) > 1 else ''} {listed(named, most=MOST_NAMED)}"

    def kept(self, rows: Sequence[int]) -> Table:
        """Return a table of these rows alone."""
        columns = {name: [column[row] for row in rows] for name, column in self.columns.items()}
        return Table(columns, [self.numbers[row] for row in rows], self.unit, self.read)

    def with_column(self, name: str, column: list[Cell]) -> Table:
        """Return a table with another content of a column."""
        return replace(self, columns={**self.columns, name: column})

    def are_numbers(self, name: str) -> bool:
        """Return whether at least half of a column's filled cells are numbers."""
        filled = [cell for cell in self.columns[name] if not cells.is_missing(cell)]
        return bool(filled) and 2 * sum(cells.is_number(cell) for cell in filled) >= len(filled)

    def number(self, name: str, row: int) -> float:
        """Return a cell as a number, NaN where it is empty."""
        cell = self.columns[name][row]
        try:
            return cells.number(cell)
        except ValueError:
            comma = " (with a point, not a comma)" if cells.has_decimal_comma(cell) else ""
            message = f"{self.at([row])}: {name} is {shortened(cell)}, a number is needed{comma}."
            raise ResultsError(message) from None


def make(
    header: Sequence[object], columns: Sequence[list[Cell]], numbers: Sequence[int], unit: str, read: Sequence[str] = ()
) -> Table:
    """Make a table; columns without a name are left out, two of one name are refused."""
    names = [cells.name(title) for title in header]
    for name, count in Counter(filter(None, names)).items():
        if count > 1:
            places = listed(place for place, other in enumerate(names, 1) if other == name)
            raise ResultsError(f"{count} columns are called {name!r} ({places}): rename or remove all but one.")
    named = {name: column for name, column in zip(names, columns, strict=True) if name and not _is_an_index(name)}
    if not numbers:
        raise ResultsError(f"there is a header, but no rows. Found: {quoted(named)}.")
    return Table(named, numbers, unit, tuple(read))


def _is_an_index(name: str) -> bool:
    # what pandas calls the column that it wrote without a name
    return name.startswith("Unnamed:")


def no_column(wanted: str, found: Iterable[str]) -> str:
    """Return ``there is no column 'x'; did you mean …`` for an error message."""
    return f"there is no column {wanted!r}{closest(wanted, found, most=_MOST_COLUMNS_NAMED)}"


def quoted(names: Iterable[str]) -> str:
    """Return names in quotation marks, the first fifteen of them."""
    return listed([shortened(name) for name in names] or ["no name"], most=_MOST_COLUMNS_NAMED)
