from __future__ import annotations

import pandas as pd
import pytest

from pipeline.commands.judge import filtering, reading
from pipeline.commands.judge.table import ResultsError
from pipeline.project.errors import UserError

TABLE = reading.read(pd.DataFrame({"size": [32, 64, None], "rate": [0.1, 0.1 + 0.2, 0.3], "model": ["a", "b", "b"]}))


@pytest.mark.parametrize(
    ("conditions", "rows"),
    [
        ([], [0, 1, 2]),
        (["size=64"], [1]),
        (["Size = 64.0"], [1]),
        (["rate=0.3"], [1, 2]),
        (["rate=0.3", "model=b"], [1, 2]),
    ],
)
def test_rows_that_meet_all_conditions(conditions: list[str], rows: list[int]) -> None:
    assert list(filtering.keep(TABLE, conditions).numbers) == rows


def test_wrong_conditions() -> None:
    with pytest.raises(UserError, match="--where 'size' needs a column and a value"):
        filtering.keep(TABLE, ["size"])
    with pytest.raises(ResultsError, match="no column 'sise'; did you mean 'size'"):
        filtering.keep(TABLE, ["sise=1"])
    with pytest.raises(ResultsError, match="no row has model 'c'; allowed: a, b"):
        filtering.keep(TABLE, ["model=c"])
