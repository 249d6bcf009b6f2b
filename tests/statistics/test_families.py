from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics.families import max_t
from pipeline.statistics.paired import sign_flip_test
from pipeline.statistics.samples import SampleError

# points of accuracy in steps of a tenth: ties between patterns are the rule
tables = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.lists(st.integers(-30, 30), min_size=n, max_size=n), min_size=1, max_size=3)
).map(lambda columns: np.array(columns, dtype=float).T / 10)  # fmt: skip


def fresh() -> np.random.Generator:
    return np.random.default_rng(0)


def brute_force(columns: list[list[int]]) -> list[float]:
    """Box 2 of Ge, Dudoit & Speed (2003), with the square of Student's t in fractions, so that ties are exact."""

    def far(values: list[int]) -> Fraction | float:
        total, count = sum(values), len(values)
        spread = count * sum(value**2 for value in values) - total**2
        if spread == 0:
            return math.inf if total else 0
        return Fraction((count - 1) * total**2, spread)

    seeds = len(columns[0])
    observed = [far(column) for column in columns]
    order = sorted(range(len(columns)), key=lambda j: -observed[j])
    counts = [0] * len(columns)
    for signs in itertools.product((1, -1), repeat=seeds):
        flipped = [far([s * d for s, d in zip(signs, column, strict=True)]) for column in columns]
        for place, j in enumerate(order):
            counts[j] += max(flipped[k] for k in order[place:]) >= observed[j]
    corrected, last = [0.0] * len(columns), 0.0
    for j in order:
        last = corrected[j] = max(last, counts[j] / 2**seeds)
    return corrected


@given(tables)
def test_it_equals_the_textbook_with_students_t(table: np.ndarray) -> None:
    found = max_t(table, fresh())
    expected = brute_force((10 * table.T).round().astype(int).tolist())
    assert found.corrected == pytest.approx(expected, abs=1e-12)


@given(tables, st.floats(1e-6, 1e6))
def test_neither_sign_nor_unit_nor_order_of_seeds_matter(table: np.ndarray, unit: float) -> None:
    found = max_t(table, fresh())
    for same in (-table, table[::-1], table * unit):
        assert max_t(same, fresh()).corrected == pytest.approx(found.corrected, abs=1e-12)
    assert (max_t(-table, fresh()).side == -found.side).all()


@given(tables)
def test_one_comparison_is_the_sign_flip_test(table: np.ndarray) -> None:
    for column in table.T:
        alone = max_t(column[:, None], fresh())
        assert alone.corrected == alone.alone == pytest.approx(sign_flip_test(column, fresh()), abs=1e-12)


def test_darwins_maize() -> None:
    # Fisher (1935), The Design of Experiments, section 21: 1,726 of the 32,768 patterns reach Darwin's sum.
    heights = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    assert max_t(np.c_[heights], fresh()).corrected == pytest.approx(1726 / 32768)


def test_each_step_equals_scipys_permutation_test() -> None:
    table = np.random.default_rng(5).normal([0.9, 0.5, 0.2, -0.7], [0.6, 1, 0.4, 0.8], (9, 4))
    order = np.argsort(-np.abs(stats.ttest_1samp(table, 0).statistic))
    last, expected = 0.0, np.empty(4)
    for place, j in enumerate(order):
        left = table[:, order[place:]]

        def largest(signs: np.ndarray, left: np.ndarray = left) -> float:
            return float(np.abs(signs @ left / np.sqrt((left**2).sum(axis=0))).max())

        # where the largest T stands is known: column `place` of the order
        p = stats.permutation_test((np.ones(9),), largest, permutation_type="samples", alternative="greater").pvalue
        last = expected[j] = max(last, p)
    assert max_t(table, fresh()).corrected == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("comparisons", [1, 9])
def test_the_floor_is_that_of_the_whole_family(comparisons: int) -> None:
    table = 5 + np.random.default_rng(1).normal(0, 0.1, (8, comparisons))
    table[:, ::2] *= -1
    for margin in (0.0, 1.0):
        found = max_t(table, fresh(), margin=margin)
        assert found.corrected == pytest.approx(2 / 2**8)
        assert found.below().tolist() == [j % 2 == 0 for j in range(comparisons)]
        assert found.above().tolist() == [j % 2 == 1 for j in range(comparisons)]


def test_beyond_the_margin_is_less_than_different() -> None:
    table = np.c_[np.full(10, 0.4), np.full(10, 1.2), np.full(10, -1.2)] + np.linspace(-0.2, 0.2, 10)[:, None]
    assert max_t(table, fresh()).corrected.max() <= 0.05
    found = max_t(table, fresh(), margin=0.5)
    assert found.corrected[0] == 1
    assert found.above().tolist() == [False, True, False]
    assert found.below().tolist() == [False, False, True]


@given(tables, st.integers(0, 20))
def test_corrected_is_never_below_alone_nor_is_more_found_beyond_a_larger_margin(
    table: np.ndarray, tenths: int
) -> None:
    near, far = (max_t(table, fresh(), margin=margin) for margin in (tenths / 10, tenths / 10 + 1))
    assert (near.corrected >= near.alone).all()
    assert (far.alone >= near.alone - 1e-12).all()


def test_twins_of_the_baseline_change_nothing() -> None:
    table = np.random.default_rng(2).normal(0.5, 1, (10, 3))
    with_twin = max_t(np.c_[table, np.zeros(10)], fresh())
    assert with_twin.corrected[:3] == pytest.approx(max_t(table, fresh()).corrected)
    assert with_twin.corrected[3] == 1
    assert with_twin.side[3] == 0


def test_a_missing_seed_costs_its_own_comparison_only() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(2, 0.5, (10, 3))
    fewer = table.copy()
    fewer[6:, 0] = np.nan
    found = max_t(fewer, fresh())
    assert found.pairs.tolist() == [6, 10, 10]
    assert found.alone[0] == pytest.approx(sign_flip_test(table[:6, 0], fresh()))
    assert found.alone[0] >= 2 / 2**6
    assert found.corrected[1:].max() <= 0.05


def test_random_patterns_come_close_and_depend_on_the_generator_alone() -> None:
    table = np.random.default_rng(4).normal([0.35, 0.55, 0.1], 1, (17, 3))
    found = max_t(table, fresh(), resamples=9_999)
    assert (found.corrected == max_t(table, fresh(), resamples=9_999).corrected).all()
    other = max_t(table, np.random.default_rng(1), resamples=9_999)
    assert found.corrected == pytest.approx(other.corrected, abs=0.02)
    patterns = np.array(list(itertools.product((1.0, -1.0), repeat=16)))
    # the first sign may stay as it is: T is the same for a pattern and its negative
    normed = np.abs(np.c_[np.ones(len(patterns)), patterns] @ (table / np.sqrt((table**2).sum(axis=0))))
    largest = int(np.argmax(normed[0]))
    exact = (normed.max(axis=1) >= normed[0, largest] - 1e-10).mean()
    assert found.corrected[largest] == pytest.approx(exact, abs=0.01)


def false_alarms(true_means: np.ndarray, margin: float, studies: int, skew: bool = False) -> float:
    """Return the share of families with a false rejection; all comparisons share a baseline, and spreads differ."""
    rng = np.random.default_rng(20_240_601)
    spreads = np.linspace(0.3, 1.5, len(true_means))
    alarms = 0
    for _ in range(studies):
        noise = (rng.gamma(2, 1, (8, len(true_means))) - 2) / 2**0.5 if skew else rng.normal(0, 1, (8, len(true_means)))
        table = true_means + spreads * noise - rng.normal(0, 0.8, (8, 1))
        found = max_t(table, rng, margin=margin)
        wrong = (found.above() & (true_means <= margin)) | (found.below() & (true_means >= -margin))
        alarms += bool(wrong.any())
    return alarms / studies


@pytest.mark.parametrize(
    ("true_means", "margin", "skew"),
    [
        ([0, 0, 0, 0, 0, 0], 0, False),
        ([0, 0, 0, 0, 0, 0], 0, True),
        ([-9, 0, 5, 0, -4, 0], 0, False),  # step-down: what is found leaves the family
        ([1, 1, 1, 1, 1, 1], 1, False),  # all on the margin
        ([-9, 1, 5, -1, -4, 0], 1, False),
    ],
)
def test_false_alarms_of_dependent_comparisons_stay_below_the_level(true_means, margin, skew) -> None:  # type: ignore[no-untyped-def]
    studies = 800
    # three standard errors above 5 %
    assert (
        false_alarms(np.array(true_means, dtype=float), margin, studies, skew)
        <= 0.05 + 3 * (0.05 * 0.95 / studies) ** 0.5
    )


def test_it_finds_what_holm_cannot_with_eight_seeds() -> None:
    rng = np.random.default_rng(7)
    table = rng.normal(0, 1, (8, 9)) * 0.8 - rng.normal(0, 0.8, (8, 1))
    table[:, 0] += 4
    assert max_t(table, rng).above()[0]
    assert 9 * sign_flip_test(table[:, 0], rng) > 0.05


@pytest.mark.parametrize(
    ("differences", "message"),
    [
        ([1.0, 2.0], r"shape \(2,\), a table of seeds × comparisons"),
        (np.empty((3, 0)), "a table of seeds"),
        ([[1.0, 2.0], [1.0, -np.inf]], r"differences\[1, 1\] is infinite: count a diverged run as the worst score"),
        ([[1.0, 2.0], [1.0, np.nan], [2.0, np.nan]], "comparison 1 has 1 seeds, at least 2"),
    ],
)
def test_what_cannot_be_tested_is_refused(differences, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SampleError, match=message):
        max_t(differences, fresh())


@pytest.mark.parametrize("margin", [-0.1, math.nan, math.inf])
def test_a_margin_is_a_number_of_at_least_zero(margin: float) -> None:
    with pytest.raises(SampleError, match="a number of at least 0"):
        max_t(np.ones((3, 1)), fresh(), margin=margin)


def test_too_few_random_patterns_are_refused() -> None:
    with pytest.raises(SampleError, match="at least 999"):
        max_t(np.ones((17, 1)), fresh(), resamples=10)
