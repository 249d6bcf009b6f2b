"""A CSV of somebody's results, read and checked: an error names the lines of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from pandas.errors import EmptyDataError, ParserError

from pipeline.project.errors import DataError
from pipeline.project.wording import closest, listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REQUIRED = ("optimizer", "seed")
OPTIONAL = ("problem", "epoch", "learning_rate")
PREFERRED_METRIC = "test_accuracy"
MOST_NAMED = 5


class ResultsError(DataError):
    """A table of results cannot be judged as it stands."""


def read_results(path: Path) -> pd.DataFrame:
    """Read a table of results and check the columns that identify a run; the index is the line of the file."""
    frame = _read_csv(path)
    if not isinstance(frame.index, pd.RangeIndex):
        raise ResultsError("the rows hold more cells than the header names.")
    frame.columns = frame.columns.str.strip()
    frame.index = frame.index + 2
    frame = frame.dropna(how="all")
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise ResultsError(
            f"there is no column {_quoted(missing)}; found {_quoted(frame.columns)}. "
            f"Needed are optimizer, seed and a metric; {', '.join(OPTIONAL)} are optional."
        )
    if frame.empty:
        raise ResultsError("there is a header, but no rows.")
    _check_keys(frame)
    frame["optimizer"] = frame["optimizer"].astype(str).str.strip()
    _refuse_duplicates(frame)
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ResultsError("no such file. Give the path of a CSV with a header.")
    try:
        # Blank lines are kept until the lines are numbered, so that messages name the file's own lines.
        return pd.read_csv(path, skip_blank_lines=False, low_memory=False, encoding="utf-8-sig")
    except EmptyDataError:
        raise ResultsError("the file is empty; a CSV with a header is needed.") from None
    except (ParserError, UnicodeDecodeError) as error:
        raise ResultsError(f"this is not a CSV in UTF-8: {str(error).strip()}.") from None


def _check_keys(frame: pd.DataFrame) -> None:
    for name in (name for name in (*REQUIRED, *OPTIONAL) if name in frame.columns):
        empty = frame.index[frame[name].isna()]
        if len(empty):
            raise ResultsError(f"{_lines(empty)}: {name} is missing. Fill it in, or remove the row.")
    for name in ("epoch", "learning_rate"):
        if name in frame.columns:
            frame[name] = _numbers(frame[name])


def _numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = column.index[numbers.isna() & column.notna()]
    if len(wrong):
        raise ResultsError(f"{_lines(wrong)}: {column.name} is {str(column[wrong[0]])!r}, a number is needed.")
    return numbers


def _refuse_duplicates(frame: pd.DataFrame) -> None:
    keys = [name for name in (*REQUIRED, *OPTIONAL) if name in frame.columns]
    for values, rows in frame[frame.duplicated(keys, keep=False)].groupby(keys, sort=False):
        run = ", ".join(f"{name} {value}" for name, value in zip(keys, values, strict=True))
        hint = "" if "epoch" in keys else " If these are epochs, name their column epoch."
        raise ResultsError(
            f"{_lines(rows.index)}: rows of the same run ({run}). "
            f"Keep one; if another column tells them apart, keep one of its values.{hint}"
        )


def choose_metric(frame: pd.DataFrame, requested: str | None) -> str:
    """Return the metric to judge: the requested one, the only one, or ``test_accuracy``."""
    found = _metrics(frame)
    if requested is not None:
        if requested not in frame.columns or requested in (*REQUIRED, *OPTIONAL):
            raise ResultsError(f"there is no metric {requested!r}{closest(requested, found)}.")
        return requested
    if PREFERRED_METRIC in frame.columns:
        return PREFERRED_METRIC
    if not found:
        raise ResultsError(f"there is no metric: no column of numbers among {_quoted(frame.columns)}.")
    if len(found) > 1:
        raise ResultsError(f"there are several metrics; choose one with --metric: {', '.join(found)}.")
    return found[0]


def _metrics(frame: pd.DataFrame) -> list[str]:
    """Return the columns of numbers that do not identify a run; a word such as "diverged" among them is allowed."""
    others = frame.drop(columns=[*REQUIRED, *OPTIONAL], errors="ignore").select_dtypes(exclude="bool")
    numbers = others.apply(pd.to_numeric, errors="coerce").notna().mean() >= 0.5
    return [name for name in others.columns if numbers[name] and not name.startswith("Unnamed:")]


def metric_values(rows: pd.DataFrame, metric: str) -> pd.Series:
    """Return the metric of `rows` as finite numbers."""
    values = _numbers(rows[metric])
    wrong = values.index[values.isna() | values.abs().eq(float("inf"))]
    if len(wrong):
        row = rows.loc[wrong[0]]
        raise ResultsError(
            f"{_lines(wrong)}: {metric} is {values[wrong[0]]} (first: {row['optimizer']}, seed {row['seed']}). "
            "Enter what a diverged run is worth (for an accuracy, that of guessing), "
            "or leave its seed out for every optimizer, which favours the one that diverged."
        )
    return values.astype(float)


def _lines(numbers: Iterable[int]) -> str:
    named = sorted(numbers)
    return f"line{'s' if len(named) > 1 else ''} {listed(named, most=MOST_NAMED)}"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(str(name)) for name in names)
