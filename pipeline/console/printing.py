"""Tables for people, on a terminal or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.text import Text

# A file has no width of its own; lines this long still fit on a wide screen
_WIDTH_OF_A_FILE = 150


def table(titles: Sequence[str], rows: Iterable[Sequence[str | Text]], last_line: str = "") -> None:
    """Print a table to standard output, without colours or boxes where that is a file; long cells are folded."""
    content = empty_table()
    for title in titles:
        content.add_column(title, overflow="fold")
    for row in rows:
        content.add_row(*row)
    console = plain_console(_WIDTH_OF_A_FILE)
    console.print(content)
    if last_line:
        console.print(last_line, soft_wrap=True)


def empty_table() -> Table:
    """Return a table in the style of all commands."""
    return Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)


def plain_console(width_of_a_file: int) -> Console:
    """Return a console on standard output that prints plain text as it is."""
    width = None if Console().is_terminal else width_of_a_file
    return Console(markup=False, highlight=False, width=width)
