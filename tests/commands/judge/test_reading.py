from __future__ import annotations

import contextlib
import gzip
import io
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from pipeline.commands.judge import reading
from pipeline.commands.judge.judgement import judge_results
from pipeline.commands.judge.table import ResultsError
from tests.commands.judge.made_up import results, run
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FRAME = results(adam=0.02, sgd=0.0)


def as_bytes(write: str) -> bytes:
    buffer = io.BytesIO()
    getattr(FRAME, write)(buffer, index=False)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [as_bytes("to_csv"), gzip.compress(as_bytes("to_csv")), as_bytes("to_parquet"), as_bytes("to_excel")],
    ids=["csv", "gzip", "parquet", "xlsx"],
)
def test_the_content_says_what_a_file_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "results.gz"
    path.write_bytes(content)
    found = judge_results(path)
    assert [(one.optimizer, one.values.tolist()) for one in found.scores] == [
        (one.optimizer, one.values.tolist()) for one in judge_results(FRAME).scores
    ]


def test_standard_input() -> None:
    status, printed, _ = run("-", given=as_bytes("to_csv"))
    assert status == 0
    assert "adam is better than sgd" in printed


def test_process_substitution(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(as_bytes("to_csv"))
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m pipeline judge <(cat {path})"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "adam is better than sgd" in done.stdout


def test_an_index_with_names_is_columns() -> None:
    indexed = FRAME.set_index(["optimizer", "seed"])
    assert reading.read(indexed).columns == reading.read(FRAME).columns


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("results.csv", "a,b\n1,2\n")
        archive.writestr("__MACOSX/._results.csv", "")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped(), "a zip archive: unpack it first"),
        (b"\x28\xb5\x2f\xfd\x00", "compressed by zstd"),
        (b"BZh91AY", "compressed by bzip2"),
        (gzip.compress(as_bytes("to_csv"))[:-20], "the gzip file is cut off or damaged"),
        (b"\x1f\x8b\x08nonsense", "the gzip file is cut off or damaged"),
        (b"\xd0\xcf\x11\xe0", "before 2007"),
        (as_bytes("to_parquet")[:-30], "the Parquet file cannot be read"),
        (b"", "the file is empty"),
    ],
)
def test_one_sentence_for_what_cannot_be_read(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=said) as caught:
        judge_results(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_no_file(tmp_path: Path) -> None:
    (tmp_path / "results.csv").touch()
    with pytest.raises(ResultsError, match=r"resluts\.csv: no such file; did you mean 'results\.csv'"):
        judge_results(tmp_path / "resluts.csv")
    with pytest.raises(ResultsError, match="this is a folder"):
        judge_results(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.touch(0o000)
    with pytest.raises(ResultsError, match="cannot be read"):
        judge_results(path)


@pytest.mark.parametrize("source", [{"optimizer": ["adam"]}, pd.Series([1.0])])
def test_what_is_no_table(source: object) -> None:
    with pytest.raises(ResultsError):
        judge_results(source)


def test_rows_of_a_frame_count_from_zero_and_those_of_a_sheet_as_in_the_sheet(tmp_path: Path) -> None:
    frame = FRAME.assign(test_accuracy=FRAME.test_accuracy.mask(FRAME.index == 3))
    with pytest.raises(ResultsError, match="the DataFrame: row 3: test_accuracy is nan"):
        judge_results(frame)
    path = tmp_path / "results.xlsx"
    frame.to_excel(path, index=False)
    with pytest.raises(ResultsError, match="row 5: test_accuracy is nan"):
        judge_results(path)


@pytest.mark.parametrize("write", [None, "to_parquet", "to_excel"], ids=["frame", "parquet", "xlsx"])
def test_a_column_of_dates_is_no_metric(tmp_path: Path, write: str | None) -> None:
    dated = FRAME.assign(started=pd.date_range("2026-01-01", periods=len(FRAME)))
    path = tmp_path / "results"
    if write:
        with path.open("wb") as file:
            getattr(dated, write)(file, index=False)
    found = judge_results(path if write else dated)
    assert found.metric == judge_results(FRAME).metric
    assert str(reading.read(path if write else dated).columns["started"][0]) == "2026-01-01 00:00:00"


@pytest.mark.parametrize("value", [pd.Timedelta(1, "s"), [1, 2], {"a": 1}, 1 + 2j], ids=str)
def test_cells_of_any_kind_are_names(value: object) -> None:
    assert judge_results(FRAME.assign(more=[value] * len(FRAME))).scores


def test_an_index_of_the_same_name_as_a_column_is_refused() -> None:
    with pytest.raises(ResultsError, match="2 columns are called 'seed'"):
        judge_results(FRAME.set_index("seed", drop=False))


@pytest.mark.parametrize("write", ["to_parquet", "to_excel"])
def test_any_damage_to_a_packed_table_is_one_sentence(write: str) -> None:
    whole = as_bytes(write)
    for place in range(0, len(whole), 17):
        # the library may not notice it, where it changes a value; nor is it to be answered by a traceback
        with contextlib.suppress(ResultsError):
            reading._parsed(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
