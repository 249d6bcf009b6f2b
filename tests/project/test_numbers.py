from __future__ import annotations

import numpy as np
import pytest

from pipeline.project.numbers import decimals, significant


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1 / 3, 0.333333), (123456.7654321, 123456.765432), (np.float32(0.5), 0.5), (np.int64(3), 3.0), (1e-9, 0.0)],
)
def test_decimals(value: float, expected: float) -> None:
    assert decimals(value) == expected
    assert type(decimals(value)) is float


@pytest.mark.parametrize(
    ("value", "expected"), [(1 / 3, 0.333333), (1234567.8, 1234570.0), (np.float64(1.23456789e-9), 1.23457e-9)]
)
def test_significant(value: float, expected: float) -> None:
    assert significant(value) == expected
    assert type(significant(value)) is float


def test_the_number_of_digits_can_be_chosen() -> None:
    assert (decimals(1.2345, 2), significant(1.2345, 2)) == (1.23, 1.2)


@pytest.mark.parametrize("value", [None, np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_none(value: float | None) -> None:
    assert decimals(value) is None
    assert significant(value) is None
