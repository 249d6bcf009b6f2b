"""Tables for people, on a terminal or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.text import Text

# A file has no width of its own; lines this long still fit on a wide screen
_WIDTH_OF_A_FILE = 150


def table(titles: Sequence[str], rows: Iterable[Sequence[str | Text]], last_line: str = "") -> None:
    """Print a table to standard output, without colours or boxes where that is a file; long cells are folded."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    content = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for title in titles:
        content.add_column(title, overflow="fold")
    for row in rows:
        content.add_row(*row)
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_WIDTH_OF_A_FILE)
    console.print(content)
    if last_line:
        console.print(last_line, soft_wrap=True)
