"""From a table of any layout to rows: one row per run, one column per optimizer, per seed or per run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.commands.judge import cells, direction, roles
from pipeline.commands.judge.long import from_long, several_metrics
from pipeline.commands.judge.runs import Row, Runs, described, keys
from pipeline.commands.judge.table import MOST_NAMED, ResultsError, Table, quoted
from pipeline.project.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.commands.judge.cells import Cell
    from pipeline.commands.judge.roles import Requested

# As W&B names the columns of a plot's export; the last two bound a smoothed line.
_RUN_AND_METRIC = re.compile(r"(?P<run>.+) - (?P<metric>.+?)(?P<bound>__MIN|__MAX)?")
# adam-seed1, adam_s1, adam-1; but not adam1, nor lr0.1
_ENDS_IN_SEED = re.compile(r"(?P<optimizer>.+?)[\s_/:-]+(?:seed|s|run)?[\s_=:-]*(?P<seed>\d+)", re.IGNORECASE)
_STARTS_WITH_SEED = re.compile(r"seed[\s_=:-]*(?P<seed>\d+)[\s_./:-]+(?P<optimizer>.+)", re.IGNORECASE)
_A_SEED = re.compile(r"(?:seed|run|trial)?[\s_-]*(?P<seed>\d+)", re.IGNORECASE)
_RUN_NAMES = ("name", "run_name", "mlflow_runname")


class _Column(NamedTuple):
    """A column of values, where its name says whose they are."""

    name: str
    optimizer: str
    seed: int | str | None = None


def understand(table: Table, requested: Requested) -> Runs:
    """Return the rows to judge; an ambiguity is an error that names the option which decides it."""
    found = roles.assign(table.columns, requested)
    if "optimizer" in found:
        seeds = [] if "seed" in found else _seed_columns(table, found)
        return _per_seed(table, found, seeds, requested) if seeds else from_long(table, found, requested)
    if plots := _plotted(table):
        return _per_run(table, found, plots, requested)
    if named := _named_runs(table, found):
        return from_long(*named, requested)
    return _per_optimizer(table, found, requested)


# --- one column per optimizer ----------------------------------------------------------------------------


def _per_optimizer(table: Table, found: Mapping[str, str], requested: Requested) -> Runs:
    others = [name for name in table.columns if name not in found.values()]
    texts = [name for name in others if not table.are_numbers(name) and _repeats(table.columns[name])]
    by_metric: dict[str, list[_Column]] = {}
    for name in others:
        if table.are_numbers(name):
            optimizer, metric = _optimizer_and_metric(name)
            by_metric.setdefault(metric, []).append(_Column(name, optimizer))
    columns = by_metric.get("", [])
    if len(table.columns) == 1:
        raise ResultsError(
            f"the header has only one column, {quoted(table.columns)}: separate columns by commas, semicolons or tabs."
        )
    if texts or not by_metric or (columns and (len(by_metric) > 1 or _are_no_optimizers(columns))):
        maybe = f" Is it {quoted(texts)}?" if texts else ""
        raise ResultsError(
            f"there is no column 'optimizer'; found {quoted(table.columns)}. Needed are optimizer, seed and a metric, "
            f"or one column per optimizer. Name the column with --optimizer-column.{maybe}"
        )
    metric = "" if columns else _one_of(list(by_metric), requested.metric)
    columns = by_metric[metric]
    named = listed((column.optimizer for column in columns), most=MOST_NAMED)
    return _unstacked(table, found, columns, metric or requested.metric or "", f"one column per optimizer ({named})")


def _repeats(column: Sequence[Cell]) -> bool:
    filled = [cell for cell in column if cell is not None]
    return len(set(filled)) < len(filled)


def _are_no_optimizers(columns: Sequence[_Column]) -> bool:
    return len(columns) < 2 or any(direction.in_name(column.name) is not None for column in columns)


def _optimizer_and_metric(name: str) -> tuple[str, str]:
    """Return ``adam`` and ``test_acc`` for ``adam_test_acc``, and no metric where the name holds none."""
    parts = re.split(r"([\s_./-]+)", name)
    for place in range(2, len(parts), 2):
        if direction.belongs_to_a_metric(parts[0]):
            break
        if direction.belongs_to_a_metric(parts[place]):
            return "".join(parts[: place - 1]), "".join(parts[place:])
    return name, ""


# --- one column per seed ---------------------------------------------------------------------------------


def _seed_columns(table: Table, found: Mapping[str, str]) -> list[_Column]:
    others = [name for name in table.columns if name not in found.values() and table.are_numbers(name)]
    matches = {name: _A_SEED.fullmatch(name) for name in others}
    seeds = [_Column(name, "", int(match["seed"])) for name, match in matches.items() if match]
    return seeds if len(seeds) > 1 and len(seeds) == len(others) else []


def _per_seed(table: Table, found: Mapping[str, str], seeds: Sequence[_Column], requested: Requested) -> Runs:
    return _unstacked(table, found, seeds, requested.metric or "", f"one column per seed ({len(seeds)})")


# --- one column per run ----------------------------------------------------------------------------------


def _plotted(table: Table) -> dict[str, dict[str, _Column]]:
    """Return the columns of W&B's export by metric and run."""
    found: dict[str, dict[str, _Column]] = {}
    for name in table.columns:
        match = _RUN_AND_METRIC.fullmatch(name)
        if match and not match["bound"] and not match["metric"].startswith("_"):
            optimizer, seed = _optimizer_and_seed(match["run"])
            found.setdefault(match["metric"], {})[match["run"]] = _Column(name, optimizer, seed)
    return found


def _per_run(
    table: Table, found: Mapping[str, str], plots: Mapping[str, Mapping[str, _Column]], requested: Requested
) -> Runs:
    metric = _one_of(list(plots), requested.metric)
    columns = list(plots[metric].values())
    _refuse_names_without_seeds(columns)
    return _unstacked(table, found, columns, metric, f"one column per run ({counted(len(columns), 'run')})")


def _one_of(metrics: list[str], asked: str | None) -> str:
    if asked is not None:
        return roles.pick(metrics, asked)
    if len(metrics) > 1:
        raise several_metrics(metrics)
    return metrics[0]


def _optimizer_and_seed(run: str) -> tuple[str, int | str | None]:
    """Return ``adam`` and 1 for ``adam-seed1``, ``adam_s1``, ``adam 1`` and ``seed1-adam``."""
    match = _STARTS_WITH_SEED.fullmatch(run) or _ENDS_IN_SEED.fullmatch(run)
    return (cells.name(match["optimizer"]), int(match["seed"])) if match else (run, None)


def _refuse_names_without_seeds(columns: Sequence[_Column]) -> None:
    without = [column.optimizer for column in columns if column.seed is None]
    if without or len({column.optimizer for column in columns}) == len(columns):
        named = listed((repr(name) for name in without or [column.optimizer for column in columns]), most=MOST_NAMED)
        raise ResultsError(
            f"the runs' names do not say optimizer and seed, as adam-seed1 does ({named}). "
            "Rename them, or give a table with a row per run and columns for both."
        )


# --- runs that have only a name --------------------------------------------------------------------------

_OPTIMIZER, _SEED = "optimizer (in the run's name)", "seed (in the run's name)"


def _named_runs(table: Table, found: Mapping[str, str]) -> tuple[Table, dict[str, str]] | None:
    """Return the table with the optimizer, and the seed if it has no column, taken from the runs' names."""
    column = next((name for name in table.columns if roles.plain(name) in _RUN_NAMES), None)
    if column is None:
        return None
    runs = [_Column(name, *_optimizer_and_seed(name)) for name in map(cells.name, table.columns[column])]
    added: dict[str, list[Cell]] = {_OPTIMIZER: [run.optimizer for run in runs]}
    if "seed" not in found:
        _refuse_names_without_seeds(runs)
        added[_SEED] = [run.seed for run in runs]
    roles_found = {"seed": _SEED, **found, "optimizer": _OPTIMIZER}
    return Table({**table.columns, **added}, table.numbers, table.unit, table.read), roles_found


# --- columns of values to rows ---------------------------------------------------------------------------


def _unstacked(table: Table, found: Mapping[str, str], columns: Sequence[_Column], metric: str, words: str) -> Runs:
    """Return a row per filled cell of these columns."""
    rows = [
        _row(row, own, column)
        for row, own in enumerate(keys(table, found))
        for column in columns
        if table.columns[column.name][row] is not None
    ]
    empty = len(table.numbers) * len(columns) - len(rows)
    left_out = [f"Left out: {counted(empty, 'empty cell')}."] if empty and "epoch" not in found else []
    understood = ", ".join(filter(None, (words, described(found), f"metric {metric!r}" if metric else "")))
    return Runs(table, rows, metric, understood, left_out)


def _row(row: int, own: dict[str, Any], column: _Column) -> Row:
    optimizer = column.optimizer or own["optimizer"]
    seed = own.get("seed") if column.seed is None else column.seed
    return Row(**{**own, "optimizer": optimizer, "seed": seed}, row=row, column=column.name)
