"""A table with one row per run, or one per run and epoch: which metric, and which rows have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.commands.judge import cells, roles
from pipeline.commands.judge.runs import Row, Runs, described, keys
from pipeline.commands.judge.table import MOST_NAMED, ResultsError, quoted
from pipeline.project.wording import closest, counted, listed, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.commands.judge.roles import Requested
    from pipeline.commands.judge.table import Table

_PREFERRED = ("test_accuracy", "test_acc")
_DIVERGED = "diverged"
_STATES = ("status", "state")
_FINISHED = "finished"
_MOST_METRICS_NAMED = 15


def from_long(table: Table, found: Mapping[str, str], requested: Requested) -> Runs:
    """Return the rows of a table with one row per run (and epoch)."""
    tracked = is_tracked(table)
    if tracked and requested.columns.get("epoch") is None:  # of a tracker's table, each row is a whole run
        found = {role: column for role, column in found.items() if role != "epoch"}
    metric = _choose(table, found, requested.metric)
    others = [] if requested.metric is not None else [name for name in _candidates(table, found) if name != metric]
    with_value, left_out = _with_value(table, found, metric, tracked)
    table = table.kept(with_value)
    rows = [Row(row=row, column=metric, **own) for row, own in enumerate(keys(table, found))]
    each = "row per run and epoch" if "epoch" in found else "row per run"
    shown = metric.removeprefix("metrics.")
    understood = f"one {each}, {described(found)}, metric {shown!r}{_instead(others)}"
    return Runs(table, rows, shown, understood, left_out + _unfinished(table, rows), _diverged(table))


def _instead(others: Sequence[str]) -> str:
    """Say which other metrics the table has, if any."""
    named = listed((name.removeprefix("metrics.") for name in others), "or", most=MOST_NAMED) if others else ""
    return f" (--metric takes another: {named})" if named else ""


def _diverged(table: Table) -> frozenset[int]:
    """Return the rows whose training diverged, as a column of this name says."""
    column = next((name for name in table.columns if roles.plain(name) == _DIVERGED), None)
    if column is None:
        return frozenset()
    return frozenset(row for row in range(len(table.numbers)) if _says_yes(table, column, row))


def _says_yes(table: Table, column: str, row: int) -> bool:
    cell = table.columns[column][row]
    try:
        return cells.is_true(cell)
    except ValueError:
        raise ResultsError(f"{table.at([row])}: {column} is {shortened(cell)}, yes or no is needed.") from None


def is_tracked(table: Table) -> bool:
    """Return whether the rows are a tracker's runs (MLflow, W&B), some of which may lack a metric or a parameter."""
    names = {roles.plain(name) for name in table.columns}
    return any(name.startswith("metrics.") for name in table.columns) or {"name", "state"} <= names


def _choose(table: Table, found: Mapping[str, str], asked: str | None) -> str:
    """Return the metric's column: the requested one, the accuracy on test data, or the only one."""
    numbers = _candidates(table, found)
    if asked is not None:
        return _asked(table, found, asked, numbers)
    for name in _PREFERRED:
        preferred = [number for number in numbers if roles.plain(number) == name]
        if len(preferred) == 1:
            return preferred[0]
    if not numbers:
        example = _first_text(table)
        raise ResultsError(f"there is no metric: no column of numbers among {quoted(table.columns)}{example}.")
    if len(numbers) > 1:
        raise several_metrics([name.removeprefix("metrics.") for name in numbers])
    return numbers[0]


def _first_text(table: Table) -> str:
    """Return the first cell of the last column, which a person probably takes for a number."""
    name, column = list(table.columns.items())[-1]
    return f" ({name} is {shortened(column[0])} in {table.at([0])})"


def several_metrics(names: Sequence[str]) -> ResultsError:
    """Return the error that asks which of several metrics is meant."""
    more = [f"and {len(names) - _MOST_METRICS_NAMED} more"] if len(names) > _MOST_METRICS_NAMED else []
    return ResultsError(
        f"there are several metrics; choose one with --metric: {', '.join([*names[:_MOST_METRICS_NAMED], *more])}."
    )


def _asked(table: Table, found: Mapping[str, str], asked: str, numbers: Sequence[str]) -> str:
    free = [name for name in table.columns if name not in found.values()]
    same = [name for name in free if roles.plain(name) == roles.plain(asked)]
    if asked not in free and not same:
        raise ResultsError(f"there is no metric {asked!r}{closest(asked, numbers, most=_MOST_METRICS_NAMED)}.")
    return roles.pick([name for name in same if name in numbers] or free, asked)


def _candidates(table: Table, found: Mapping[str, str]) -> list[str]:
    """Return the columns of numbers that identify no run; MLflow marks its own."""
    free = [name for name in table.columns if name not in found.values() and roles.plain(name) != _DIVERGED]
    logged = [name for name in free if name.startswith("metrics.")]
    return [name for name in logged or free if table.are_numbers(name)]


def _with_value(table: Table, found: Mapping[str, str], metric: str, tracked: bool) -> tuple[list[int], list[str]]:
    """Return the rows with a value, and a sentence on those that may lack one: a tracker's runs, whole problems."""
    every = range(len(table.numbers))
    without = _runs_without(table, found, metric) if tracked else _problems_without(table, found, metric)
    kept = [row for row in every if row not in without]
    if not kept:
        raise ResultsError(f"no run has an optimizer, a seed and a {metric.removeprefix('metrics.')}.")
    if not without:
        return kept, []
    named = "optimizer" if tracked else "problem"
    names = dict.fromkeys(cells.name(table.columns[found[named]][row]) for row in sorted(without))
    whose = f" ({listed(filter(None, names), most=MOST_NAMED)})" if any(names) else ""
    what, lacking = ("run", "optimizer, seed or ") if tracked else ("row", "")
    lacking += metric.removeprefix("metrics.")
    return kept, [f"Left out: {counted(len(without), what)} without {lacking}{whose}."]


def _runs_without(table: Table, found: Mapping[str, str], metric: str) -> set[int]:
    needed = [table.columns[name] for name in (metric, found["optimizer"], found.get("seed", metric))]
    lost = _diverged(table)
    return {
        row
        for row in range(len(table.numbers))
        if any(column[row] is None for column in (needed[1:] if row in lost else needed))
    }


def _problems_without(table: Table, found: Mapping[str, str], metric: str) -> set[int]:
    """Return the rows of problems that have no value at all, such as an accuracy of a regression."""
    if "problem" not in found:
        return set()
    names = [cells.name(cell) for cell in table.columns[found["problem"]]]
    filled = {name for name, cell in zip(names, table.columns[metric], strict=True) if cell is not None}
    return {row for row, name in enumerate(names) if name not in filled} if filled else set()


def _unfinished(table: Table, rows: Sequence[Row]) -> list[str]:
    """Say which of a tracker's runs are judged though they did not end well."""
    column = next((name for name in table.columns if name.casefold() in _STATES), None)
    if column is None:
        return []
    states = [(row, cells.name(table.columns[column][row.row])) for row in rows]
    odd = [f"{row.named()} ({state})" for row, state in states if state and state.casefold() != _FINISHED]
    return [f"Judged though not finished: {listed(odd, most=MOST_NAMED)}."] if odd else []
