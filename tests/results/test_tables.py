"""The CSV files of ``results/``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from pipeline.project.errors import DataError
from pipeline.results.tables import CONFUSION, LEARNING_RATES, PER_CLASS, Table

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
    table = Table(tmp_path / "rates.csv", LEARNING_RATES.columns)
    row = ("digits", "sgd", 0.1, 0.0, float("nan"), 7, False)
    table.write(pd.DataFrame([row], columns=list(LEARNING_RATES.columns)))
    assert table.read()["validation_loss"].isna().tolist() == [True]
    assert table.read()["diverged_at"].tolist() == [7]


def test_a_frame_that_lacks_a_column_is_not_written(confusion: Table) -> None:
    with pytest.raises(KeyError, match="count"):
        confusion.write(FRAME.drop(columns="count"))
    assert not confusion.path.exists()


def test_a_missing_table_and_one_of_another_version_are_said(confusion: Table, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"confusion\.csv is missing: run `dvc repro`"):
        confusion.read()
    confusion.write(FRAME)
    with pytest.raises(DataError, match="has columns problem, actual, predicted, count; expected problem, optimizer"):
        Table(confusion.path, PER_CLASS.columns).read()
