from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.samples import SampleError
from pipeline.statistics.unpaired import (
    compare_unpaired,
    permutation_test,
    prediction_test,
    smallest_p,
    welch_interval,
    welch_test,
)

# Multiples of 1/10,000, as accuracies on 10,000 images are: ties between splits are the rule.
accuracies = st.lists(st.integers(0, 50), min_size=2, max_size=5)


def enumerated_p(a: list[int], b: list[int]) -> float:
    """Every split, in whole numbers, so that ties are exact."""
    pooled, n, m = a + b, len(a), len(b)

    def gap(chosen: tuple[int, ...]) -> int:
        part = sum(pooled[place] for place in chosen)
        return abs(m * part - n * (sum(pooled) - part))

    gaps = [gap(chosen) for chosen in itertools.combinations(range(n + m), n)]
    return sum(one >= gaps[0] for one in gaps) / len(gaps)


@given(accuracies, accuracies)
def test_every_split_is_counted(a: list[int], b: list[int]) -> None:
    fractions = [[value / 10_000 for value in values] for values in (a, b)]
    assert permutation_test(*fractions) == pytest.approx(enumerated_p(a, b), abs=1e-12)


@given(accuracies, accuracies, st.floats(1e-6, 1e6), st.floats(-1, 1))
def test_neither_unit_nor_order_nor_zero_matter(a: list[int], b: list[int], unit: float, zero: float) -> None:
    p = permutation_test(a, b)
    assert permutation_test(b, a) == p
    assert permutation_test(a[::-1], b) == p
    assert permutation_test(np.array(a) * unit, np.array(b) * unit) == p
    assert permutation_test(np.array(a) + zero, np.array(b) + zero) == pytest.approx(p)


def test_the_permutation_test_is_scipys() -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, 6), rng.normal(1, 1, 6)
    expected = stats.permutation_test((a, b), lambda x, y: x.mean() - y.mean(), n_resamples=np.inf).pvalue
    assert permutation_test(a, b) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 5), (6, 6), (10, 10)])
def test_the_smallest_p(n: int, m: int) -> None:
    # equally spaced, so that no other split is as far apart
    a, b = np.arange(n) + 1000.0, np.arange(m) * 1.0
    assert permutation_test(a, b) == smallest_p(n, m)
    assert smallest_p(n, m) == (2 if n == m else 1) / math.comb(n + m, n)


@pytest.mark.parametrize(("n", "m"), [(12, 30), (40, 40)])
def test_welchs_test_is_scipys(n: int, m: int) -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, n), rng.normal(0.5, 3, m)
    expected = stats.ttest_ind(a, b, equal_var=False)
    assert welch_test(a, b) == pytest.approx(expected.pvalue)
    for confidence in (0.9, 0.95):
        interval, bounds = welch_interval(a, b, confidence), expected.confidence_interval(confidence)
        assert (interval.low, interval.high) == pytest.approx((bounds.low, bounds.high))


def test_few_runs_get_the_exact_test_and_many_welchs() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, 30), rng.normal(1, 1, 30)
    few, many = compare_unpaired(a[:10], b[:10], None), compare_unpaired(a, b, None)
    assert (few.test, few.p) == ("exact permutation test", permutation_test(a[:10], b[:10]))
    assert (many.test, many.p) == ("Welch's t test", welch_test(a, b))
    assert (many.runs_a, many.runs_b) == (30, 30)


@pytest.mark.parametrize(
    ("gap", "margin", "outcome"),
    [
        (1.0, 0.1, "better"),
        (-1.0, 0.1, "worse"),
        (0.0, 0.1, "no meaningful difference"),
        (0.0, None, "inconclusive"),
        (0.11, None, "better"),
        (0.11, 0.1, "inconclusive"),  # there is a difference, but not beyond the margin
    ],
)
def test_each_outcome(gap: float, margin: float | None, outcome: str) -> None:
    values = np.random.default_rng(0).normal(0, 0.05, 10)
    found = compare_unpaired(values + gap, values, margin)
    assert found.conclusion(found.p) == outcome


def test_a_margin_is_tested_from_the_side_on_which_the_difference_lies() -> None:
    values = np.random.default_rng(0).normal(0, 0.05, 10)
    assert compare_unpaired(values + 0.3, values, 0.1).p == pytest.approx(permutation_test(values + 0.2, values))
    assert compare_unpaired(values - 0.3, values, 0.1).p == pytest.approx(permutation_test(values - 0.2, values))
    assert compare_unpaired(values + 0.05, values, 0.1).p == 1


def test_few_runs_are_never_alike() -> None:
    few = [0.5, 0.501, 0.502, 0.503, 0.504]
    assert not compare_unpaired(few, few, 0.1).within_margin
    assert compare_unpaired([*few, 0.505], [*few, 0.505], 0.1).within_margin


def test_two_equal_runs_each_prove_nothing() -> None:
    found = compare_unpaired([0.5, 0.5], [0.4, 0.4], 0.2)
    assert (found.interval.low, found.interval.high) == (None, None)
    assert found.conclusion(found.p) == "inconclusive"


def test_many_equal_runs_do() -> None:
    found = compare_unpaired([0.5] * 30, [0.4] * 30, None)
    assert found.interval.low == pytest.approx(0.1)
    assert 0 < found.p < 1e-10
    assert compare_unpaired([0.5] * 30, [0.5] * 30, 0.1).p == 1


@pytest.mark.parametrize(
    ("a", "b", "margin"),
    [([0.1], [0.1, 0.2], None), ([0.1, math.nan], [0.1, 0.2], None), ([0.1, 0.2], [0.1, 0.2], -1.0)],
)
def test_what_cannot_be_compared(a: list[float], b: list[float], margin: float | None) -> None:
    with pytest.raises(SampleError):
        compare_unpaired(a, b, margin)


@pytest.mark.parametrize("value", [0.1, 0.6, 3.0])
def test_a_further_value_is_judged_as_the_slope_of_a_regression_would_be(value: float) -> None:
    from scipy import stats

    known = np.random.default_rng(1).normal(0, 1, 8)
    expected = stats.linregress([0] * 8 + [1], [*known, value]).pvalue
    assert prediction_test([value], known) == pytest.approx(expected)


def test_several_further_values_are_judged_by_their_mean() -> None:
    known = np.random.default_rng(1).normal(0, 1, 8)
    assert prediction_test([0.9, 1.1, 1.0, 1.0], known) < prediction_test([1.0], known)
    # without any spread only the same value is one more
    assert prediction_test([0.5], [0.5, 0.5]) == 1.0
    assert prediction_test([0.6], [0.5, 0.5]) == 0.0
