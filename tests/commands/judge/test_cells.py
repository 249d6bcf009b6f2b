from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.commands.judge import cells


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (" adam ", "adam"),
        ("Ma\u0301rz", "M\u00e1rz"),  # NFD and NFC
        ("ad\u200bam", "adam"),  # a zero-width space
        ("SGD\u00a0with\nmomentum", "SGD with momentum"),
        ("\x1b[31madam", "[31madam"),
        ("nan", "nan"),
        ("None", "None"),
        (math.nan, ""),
        (None, ""),
        (0.30000000000000004, "0.3"),
        ("0.30000000000000004", "0.3"),
        ("1.10", "1.10"),  # a version
        (7, "7"),
    ],
)
def test_names_that_look_alike_are_one(cell: object, name: str) -> None:
    assert cells.name(cell) == name


@pytest.mark.parametrize(("cell", "seed"), [("7", 7), (7.0, 7), ("7.0", 7), ("07", 7), ("seed-7", "seed-7"), (7, 7)])
def test_a_seed_is_one_however_it_is_written(cell: cells.Cell, seed: int | str) -> None:
    assert cells.seed(cell) == seed


@given(st.integers(-(10**30), 10**30))
def test_long_seeds_keep_every_digit(seed: int) -> None:
    assert cells.seed(str(seed)) == cells.seed(seed) == seed


@given(st.integers(-(2**53), 2**53))
def test_a_long_seed_beside_an_empty_cell_keeps_its_digits_too(seed: int) -> None:
    # pandas makes floats of such a column
    assert cells.seed(float(seed)) == cells.seed(f"{seed}.0") == seed


@pytest.mark.parametrize("cell", [None, "", "nan", "NaN", "NA", "null", "None", " n/a "])
def test_an_empty_number(cell: cells.Cell) -> None:
    assert cells.is_missing(cell)
    assert math.isnan(cells.number(cell))


@pytest.mark.parametrize("cell", ["1.797e308", "-1e101", "1e999", "inf", 10**200])
def test_a_number_at_the_end_of_the_floats_is_infinite(cell: cells.Cell) -> None:
    assert math.isinf(cells.number(cell))


@pytest.mark.parametrize("cell", ["1_000", "1,5", "diverged", "0x10", "1 000"])
def test_what_is_no_number(cell: str) -> None:
    assert not cells.is_number(cell)


def test_equal_learning_rates_are_equal() -> None:
    assert cells.key(0.1 + 0.2) == cells.key(0.3) != cells.key(0.30001)
