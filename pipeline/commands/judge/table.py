"""A CSV of somebody's results, read and checked: every refusal names the line of the file."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pandas as pd
from pandas.errors import EmptyDataError, ParserError

from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

REQUIRED = ("optimizer", "seed")
OPTIONAL = ("problem", "epoch", "learning_rate")
PREFERRED_METRIC = "test_accuracy"
_MOST_NAMED = 5


class ResultsError(DataError):
    """A table of results cannot be judged as it stands."""


def read_results(path: Path) -> pd.DataFrame:
    """Read a table of results and check the columns that identify a run.

    Parameters
    ----------
    path
        A CSV with a header: ``optimizer``, ``seed``, one or more numeric metrics; optionally ``problem``,
        ``epoch``, ``learning_rate``. Columns of other kinds are kept and never looked at.

    Returns
    -------
    pandas.DataFrame
        The rows; the index is the line of the file, 2 for the first row under the header.

    Raises
    ------
    ResultsError
        Where there is no such file, it is no CSV, a required column is missing, a run's optimizer, seed,
        problem, epoch or learning rate is missing or no number, or two rows are of the same run and epoch.
    """
    frame = _read_csv(path)
    if not isinstance(frame.index, pd.RangeIndex):
        raise ResultsError(f"{path}: its rows hold more cells than the header names.")
    frame.columns = frame.columns.str.strip()
    frame.index = frame.index + 2
    frame = frame.dropna(how="all")
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise ResultsError(
            f"{path} has no column {_quoted(missing)}; found {_quoted(frame.columns)}. "
            f"Needed are optimizer, seed and a metric; {_listed(OPTIONAL)} are optional."
        )
    if frame.empty:
        raise ResultsError(f"{path} holds a header and no rows.")
    _check_keys(path, frame)
    frame["optimizer"] = frame["optimizer"].astype(str).str.strip()
    _refuse_duplicates(path, frame)
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ResultsError(f"{path} is no file: give the path of a CSV with a header.")
    try:
        # Blank lines are kept until the lines are numbered, so that messages name the file's own lines.
        return pd.read_csv(path, skip_blank_lines=False, low_memory=False, encoding="utf-8-sig")
    except EmptyDataError:
        raise ResultsError(f"{path} is empty: a CSV with a header is needed.") from None
    except (ParserError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path} is no CSV in UTF-8: {str(error).strip()}.") from None


def _check_keys(path: Path, frame: pd.DataFrame) -> None:
    for name in (*REQUIRED, *(name for name in OPTIONAL if name in frame.columns)):
        empty = frame.index[frame[name].isna()]
        if len(empty):
            raise ResultsError(f"{path}, {lines(empty)}: {name} is missing. Fill it in, or remove the row.")
    for name in ("epoch", "learning_rate"):
        if name in frame.columns:
            frame[name] = _numbers(path, frame[name])


def _numbers(path: Path, column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = column.index[numbers.isna() & column.notna()]
    if len(wrong):
        raise ResultsError(f"{path}, {lines(wrong)}: {column.name} is {str(column[wrong[0]])!r}, a number is needed.")
    return numbers


def _refuse_duplicates(path: Path, frame: pd.DataFrame) -> None:
    keys = [name for name in (*REQUIRED, *OPTIONAL) if name in frame.columns]
    groups = frame[frame.duplicated(keys, keep=False)].groupby(keys, sort=False)
    for values, rows in groups:
        run = ", ".join(f"{name} {value}" for name, value in zip(keys, values, strict=True))
        hint = "" if "epoch" in keys else " If these are epochs, name their column epoch."
        raise ResultsError(
            f"{path}, {lines(rows.index)}: rows of the same run ({run}). "
            f"Keep one; if another column tells them apart, keep one of its values.{hint}"
        )


def choose_metric(path: Path, frame: pd.DataFrame, asked: str | None) -> str:
    """Return the metric to judge: the one asked for, the only one, or ``test_accuracy``.

    Raises
    ------
    ResultsError
        Where the one asked for is no column, or several could be meant, or there is none.
    """
    if asked is not None:
        if asked not in frame.columns or asked in (*REQUIRED, *OPTIONAL):
            found = candidates(frame)
            raise ResultsError(f"{path} has no metric {asked!r}{closest(asked, found)}; found {_quoted(found)}.")
        return asked
    if PREFERRED_METRIC in frame.columns:
        return PREFERRED_METRIC
    found = candidates(frame)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ResultsError(f"{path} holds no column of numbers beside {_quoted(frame.columns)}: no metric.")
    raise ResultsError(f"{path} holds several metrics; choose one with --metric: {_listed(found)}.")


def candidates(frame: pd.DataFrame) -> list[str]:
    """Return the columns of numbers that do not identify a run, as they stand in the file.

    A word among the numbers, such as "diverged", does not make a metric something else.
    """
    others = frame.drop(columns=[*REQUIRED, *OPTIONAL], errors="ignore").select_dtypes(exclude="bool")
    return [name for name in others.columns if not name.startswith("Unnamed:") and _mostly_numbers(others[name])]


def _mostly_numbers(column: pd.Series) -> bool:
    return bool(pd.to_numeric(column, errors="coerce").notna().mean() >= 0.5)


def metric_values(path: Path, rows: pd.DataFrame, metric: str) -> pd.Series:
    """Return the metric of `rows` as finite numbers.

    Raises
    ------
    ResultsError
        With the lines where it is missing, NaN, infinite or no number.
    """
    values = _numbers(path, rows[metric])
    wrong = values.index[values.isna() | values.abs().eq(float("inf"))]
    if len(wrong):
        row = rows.loc[wrong[0]]
        raise ResultsError(
            f"{path}, {lines(wrong)}: {metric} is {values[wrong[0]]} "
            f"(first: {row['optimizer']}, seed {row['seed']}). "
            "Enter what a diverged run is worth (for an accuracy, that of guessing), "
            "or leave its seed out for every optimizer, which favours the one that diverged."
        )
    return values.astype(float)


def lines(numbers: Iterable[int]) -> str:
    """Return "line 3" or "lines 3, 4, 9"; the first few where there are many."""
    named = sorted(int(number) for number in numbers)
    if len(named) == 1:
        return f"line {named[0]}"
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"lines {', '.join(map(str, named[:_MOST_NAMED]))}{more}"


def closest(name: str, known: Sequence[str]) -> str:
    """Return a question that offers the known name closest to `name`, or nothing."""
    found = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(str(name)) for name in names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(str(name) for name in names)
