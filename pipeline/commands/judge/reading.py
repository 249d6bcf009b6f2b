"""Any source of results as a table: what a file is, its content says, not its name."""

from __future__ import annotations

import difflib
import gzip
import io
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.judge import binary, delimited
from pipeline.commands.judge.table import ResultsError, Table, make

if TYPE_CHECKING:
    import pandas as pd

STANDARD_INPUT = "-"
_MOST_BYTES = 2**30
_GZIP = b"\x1f\x8b"
_PACKED = {
    b"PK\x03\x04": "a zip archive",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
}
_EXCEL_BEFORE_2007 = b"\xd0\xcf\x11\xe0"


def read(source: Path | str | pd.DataFrame) -> Table:
    """Read a path, ``-`` for standard input, or a DataFrame."""
    if not isinstance(source, (str, Path)):
        if not (hasattr(source, "iloc") and hasattr(source, "columns")):
            raise ResultsError(f"this is a {type(source).__name__}: give a DataFrame of pandas, or a path.")
        return binary.from_frame(source)
    content = _content(source)
    return _parsed(_unzipped(content) if content.startswith(_GZIP) else content)


def _parsed(content: bytes) -> Table:
    if content.startswith(b"PAR1"):
        return binary.parquet(content)
    if _is_excel(content):
        return binary.excel(content)
    if content.startswith(_EXCEL_BEFORE_2007):
        raise ResultsError("this is an Excel file from before 2007: save it as .xlsx or CSV.")
    for magic, what in _PACKED.items():
        if content.startswith(magic):
            raise ResultsError(f"this is {what}: unpack it first, or give it by a pipe: … | optimizer-study judge -")
    return delimited.parse(content)


def _content(source: Path | str) -> bytes:
    if str(source) == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    path = Path(source)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ResultsError(f"no such file{_similar(path)}") from None
    except IsADirectoryError:
        raise ResultsError("this is a folder. Give a table of results, or - for standard input.") from None
    except OSError as error:
        raise ResultsError(f"the file cannot be read ({error.strerror}).") from None


def _similar(path: Path) -> str:
    names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    found = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {found[0]!r}?" if found else ". Give a table of results, or - for standard input."


def _unzipped(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            unpacked = file.read(_MOST_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ResultsError("the gzip file is cut off or damaged. Copy or download it again.") from None
    if len(unpacked) > _MOST_BYTES:
        raise ResultsError("the gzip file holds more than 1 GiB, too much for a table of results.")
    return unpacked


def _is_excel(content: bytes) -> bool:
    if not content.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except Exception:  # noqa: BLE001 - not only BadZipFile, where a version or a length is damaged
        return False


def experiment(name: str, tracking_uri: str | None) -> Table:
    """Read the runs of an MLflow experiment, in the layout of MLflow's ``search_runs``."""
    from pipeline.tracking import experiments

    columns = experiments.columns(name, tracking_uri)
    runs = len(columns["run_id"])
    return make(list(columns), list(columns.values()), range(runs), "run", [])
