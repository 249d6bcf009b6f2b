"""Delimited text: its encoding, separator and decimal comma are found out; rows keep their lines' numbers."""

from __future__ import annotations

import codecs
import csv
import io
from typing import TYPE_CHECKING

from pipeline.commands.judge import cells
from pipeline.commands.judge.table import ResultsError, Table, make
from pipeline.project.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.commands.judge.cells import Cell

# The one that splits the header into most cells is taken, the first of equals.
_SEPARATORS = {"\t": "a tab", ";": "';'", ",": "','"}
_COMMENT = "#"
_ENCODINGS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# A note may be longer than the 128 KiB at which the library gives up; a table is small beside memory
csv.field_size_limit(2**31 - 1)
_HELP = "Needed is text in UTF-8 with a header, separated by commas, semicolons or tabs."


def parse(content: bytes) -> Table:
    """Read delimited text with a header; comment lines (#) and blank lines are left out."""
    text = _decoded(content)
    separator = _separator(text)
    records = list(_records(text, separator))
    kept = [(line, record) for line, record in records if not record[0].startswith(_COMMENT)]
    if not kept:
        raise ResultsError(f"the file is empty. {_HELP}")
    (_, header), *rows = kept
    full = [_fitted(line, record, len(header)) for line, record in rows]
    columns = [_column(list(column)) for column in zip(*full, strict=True)] if full else [[] for _ in header]
    commas = separator != "," and [_with_points(column) for column in columns]
    read = [f"separated by {_SEPARATORS.get(separator, repr(separator))}"] if separator != "," else []
    read += ["decimal commas"] if commas and any(commas) else []
    read += [f"{counted(len(records) - len(kept), 'comment line')} left out"] if len(records) > len(kept) else []
    return make(header, columns, [line for line, _ in rows], "line", read)


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in _ENCODINGS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ResultsError(f"line {line} is not text in UTF-8. Save the table as CSV in UTF-8.") from None
    if "\0" in text:
        raise ResultsError(f"this is no text: it holds zero bytes. {_HELP}")
    return text


def _separator(text: str) -> str:
    first = next((line for line in io.StringIO(text, newline="") if line.strip() and line[0] != _COMMENT), "")
    if first.lower().startswith("sep=") and len(first.strip("\r\n")) == 5:  # Excel's own hint
        return first[4]
    return max(_SEPARATORS, key=lambda separator: len(next(csv.reader([first], delimiter=separator), [])))


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for record in reader:
            cleaned = [cell.strip() for cell in record]
            if any(cleaned) and not _is_hint(line, record, separator):
                yield line, cleaned
            line = reader.line_num + 1
    except csv.Error as error:
        hint = "a quotation mark too many or too few?"
        raise ResultsError(f"line {line}: this is not a CSV ({error}; {hint}).") from None


def _is_hint(line: int, record: list[str], separator: str) -> bool:
    return line == 1 and separator.join(record).lower() == f"sep={separator}"


def _fitted(line: int, record: list[str], width: int) -> list[str]:
    """Return a row with as many cells as the header; empty ones at its end are no cells."""
    while len(record) > width and not record[-1]:
        record.pop()
    if len(record) != width:
        raise ResultsError(f"line {line} has {counted(len(record), 'cell')}, the header has {width}. {_HELP}")
    return record


def _column(texts: list[str]) -> list[Cell]:
    return [text or None for text in texts]


def _with_points(column: list[Cell]) -> bool:
    """Turn decimal commas into points, unless the column has both; return whether there were any."""
    commas = [row for row, cell in enumerate(column) if cells.has_decimal_comma(cell)]
    if not commas or any(cells.has_decimal_point(cell) for cell in column):
        return False
    for row in commas:
        column[row] = str(column[row]).replace(",", ".")
    return True
