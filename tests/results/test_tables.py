"""The CSV files of ``results/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from pipeline.project.errors import DataError
from pipeline.results.tables import CONFUSION, PER_CLASS, SEARCHES, Table

if TYPE_CHECKING:
    from pathlib import Path

FRAME = pd.DataFrame({"count": [3, 0], "predicted": ["NA", "0"], "actual": ["0", "NA"], "problem": "digits"})


@pytest.fixture
def confusion(tmp_path: Path) -> Table:
    return Table(tmp_path / "confusion.csv", CONFUSION.columns)


def test_columns_are_written_in_their_order_and_names_stay_text(confusion: Table) -> None:
    confusion.write(FRAME)
    assert confusion.path.read_text().splitlines() == [
        "problem,actual,predicted,count",
        "digits,0,NA,3",
        "digits,NA,0,0",
    ]
    pd.testing.assert_frame_equal(confusion.read(), FRAME[list(CONFUSION.columns)], check_dtype=False)


def test_an_empty_cell_is_a_missing_value(tmp_path: Path) -> None:
    table = Table(tmp_path / "searches.csv", SEARCHES.columns)
    nothing = float("nan")
    row = ("digits", "adam", 0.1, "beta1=0.9", nothing, 0.0, nothing, 7, False, nothing)
    table.write(pd.DataFrame([row], columns=list(SEARCHES.columns)))
    found = table.read()
    assert found[["number", "validation_loss", "survivor"]].isna().all(axis=None)
    assert found["diverged_at"].tolist() == [7]
    assert found["arguments"].tolist() == ["beta1=0.9"]


def test_a_frame_that_lacks_a_column_is_not_written(confusion: Table) -> None:
    with pytest.raises(KeyError, match="count"):
        confusion.write(FRAME.drop(columns="count"))
    assert not confusion.path.exists()


def test_a_missing_table_and_one_of_another_version_are_said(confusion: Table, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"confusion\.csv is missing: run `dvc repro`"):
        confusion.read()
    confusion.write(FRAME)
    with pytest.raises(DataError, match=r"has columns problem, actual, .*; expected problem, .*: run `dvc repro`"):
        Table(confusion.path, PER_CLASS.columns).read()


@pytest.mark.parametrize("content", [b"", b"a\nb,c\nb,c,d\n", b"problem\n\xff\n", b'problem\n"a'])
def test_a_damaged_table_says_how_it_is_made_again(confusion: Table, content: bytes) -> None:
    confusion.path.write_bytes(content)
    with pytest.raises(DataError, match=r"confusion\.csv cannot be read .*: run `dvc repro` to make it again\."):
        confusion.read()
