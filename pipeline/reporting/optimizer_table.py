"""A table with one row per optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pipeline.reporting.items import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.reporting.study_results import Results

_T = TypeVar("_T")


def optimizer_table(
    results: Results,
    rows: Mapping[str, _T],
    columns: Sequence[tuple[str, Callable[[_T], str]]],
    caption: str,
    *,
    numbered: bool = False,
) -> Table:
    """Return a table of what was found of each optimizer, by optimizer in the order of the rows; the baseline in bold.

    `columns` are the head of each column and what stands in it; `numbered`: the first column counts the rows.
    """
    start = ("#",) if numbered else ()
    return Table(
        (*start, "optimizer", *(head for head, _ in columns)),
        tuple(
            (*[str(place) for _ in start], results.label(name), *(say(found) for _, say in columns))
            for place, (name, found) in enumerate(rows.items(), start=1)
        ),
        "r" * len(start) + "l" + "r" * len(columns),
        caption,
        frozenset(place for place, name in enumerate(rows) if name == results.baseline),
    )
