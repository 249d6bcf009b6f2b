"""Parquet, Excel and DataFrames as tables, by pandas."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from pipeline.commands.judge.table import ResultsError, Table, make
from pipeline.project.errors import first_line

if TYPE_CHECKING:
    import pandas as pd


def parquet(content: bytes) -> Table:
    """Read Parquet; rows count from 0."""
    import pandas as pd

    def whole(file: io.BytesIO) -> pd.DataFrame:
        # as Python's own values: text that is damaged is found now, not when it is first looked at
        return pd.read_parquet(file).astype(object)

    return from_frame(_read(whole, content, "Parquet file", "pyarrow"), ["Parquet"])


def excel(content: bytes) -> Table:
    """Read the first sheet of an Excel file; rows have the numbers of the sheet."""
    import pandas as pd

    def first_sheet(file: io.BytesIO) -> pd.DataFrame:
        return pd.read_excel(file, engine="openpyxl", header=None, keep_default_na=False, na_values=[""])

    found = _read(first_sheet, content, "Excel file", "openpyxl").dropna(how="all")
    if found.empty:
        raise ResultsError("the first sheet is empty.")
    numbers = [int(row) + 1 for row in found.index[1:]]
    return make(_cells(found.iloc[0]), _columns(found.iloc[1:]), numbers, "row", ["the first sheet"])


def _read(reader: Any, content: bytes, what: str, package: str) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = reader(io.BytesIO(content))
    except ImportError:
        raise ResultsError(f"to read this {what}, install {package}; or save the table as CSV.") from None
    except Exception as error:  # noqa: BLE001 - for damaged files the libraries raise anything
        why = first_line(error)
        raise ResultsError(f"the {what} cannot be read ({why}). Save the table again, or as CSV.") from None
    return frame


def from_frame(frame: pd.DataFrame, read: list[str] | None = None) -> Table:
    """Take a DataFrame; rows count from 0, and an index with a name is a column."""
    named = [name for name in frame.index.names if name is not None]
    # duplicates are refused in words
    flat = frame.reset_index(level=named, allow_duplicates=True) if named else frame
    header = [" - ".join(map(str, title)) if isinstance(title, tuple) else title for title in flat.columns]
    return make(header, _columns(flat), range(len(flat)), "row", read or [])


def _columns(frame: pd.DataFrame) -> list[list[Any]]:
    return [_cells(frame.iloc[:, place]) for place in range(frame.shape[1])]


def _cells(column: pd.Series[Any]) -> list[Any]:
    """Return a column's cells: None where one is missing, the text of a date, a list, or whatever else is no number."""
    return [
        None if missing else cell if isinstance(cell, str | int | float) else str(cell)
        for cell, missing in zip(column.tolist(), column.isna(), strict=True)
    ]
