from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.families import max_t
from pipeline.statistics.inversion import difference_interval, equivalence_p
from pipeline.statistics.paired import (
    compare,
    compare_each,
    holm,
    holm_of_tested,
    probability_of_improvement,
    sign_flip_test,
    smallest_p,
)
from pipeline.statistics.samples import SampleError

# Multiples of 1/10,000, as accuracies on 10,000 images are: ties between sign patterns are the rule.
accuracies = st.lists(st.integers(-200, 200).map(lambda k: k / 10_000), min_size=2, max_size=8)


def fresh() -> np.random.Generator:
    return np.random.default_rng(0)


def enumerated_p(differences: list[float]) -> float:
    """Every sign pattern, in whole numbers, so that ties are exact."""
    whole = [round(d * 10_000) for d in differences]
    observed = abs(sum(whole))
    patterns = list(itertools.product((1, -1), repeat=len(whole)))
    far = sum(abs(sum(s * w for s, w in zip(signs, whole, strict=True))) >= observed for signs in patterns)
    return far / len(patterns)


# --- the sign-flip test ---------------------------------------------------------------------------------


@given(accuracies)
def test_sign_flip_counts_every_pattern(differences: list[float]) -> None:
    assert sign_flip_test(differences, fresh()) == pytest.approx(enumerated_p(differences), abs=1e-12)


@given(accuracies, st.floats(1e-6, 1e6))
def test_sign_flip_knows_neither_sign_nor_unit_nor_order(differences: list[float], unit: float) -> None:
    p = sign_flip_test(differences, fresh())
    assert sign_flip_test([-d for d in differences], fresh()) == p
    assert sign_flip_test([d * unit for d in differences], fresh()) == p
    assert sign_flip_test(differences[::-1], fresh()) == p


def test_sign_flip_of_darwins_maize() -> None:
    # Fisher (1935), The Design of Experiments, section 21: 1,726 of the 32,768 patterns reach Darwin's sum.
    heights = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    assert sign_flip_test(heights, fresh()) == pytest.approx(1726 / 32768)


def test_sign_flip_survives_the_rounding_of_subtracted_accuracies() -> None:
    a, b = np.array([0.8475, 0.8441, 0.8502]), np.array([0.8371, 0.8545, 0.8398])
    assert sign_flip_test(a - b, fresh()) == 1.0


@pytest.mark.parametrize("pairs", [2, 5, 10, 16])
def test_the_smallest_p(pairs: int) -> None:
    assert sign_flip_test([1.0] * pairs, fresh()) == smallest_p(pairs) == 2 / 2**pairs


def test_above_sixteen_pairs_the_generator_decides() -> None:
    differences = np.random.default_rng(4).normal(0.4, 1, size=20)
    first = sign_flip_test(differences, fresh(), resamples=2000)
    assert first == sign_flip_test(differences, fresh(), resamples=2000)
    assert first != sign_flip_test(differences, np.random.default_rng(1), resamples=2000)
    signs = np.random.default_rng(2).choice([-1.0, 1.0], size=(200_000, 20))
    reference = np.mean(np.abs(signs @ differences) >= abs(differences.sum()))
    assert sign_flip_test(differences, fresh()) == pytest.approx(reference, abs=0.005)
    assert 0 < sign_flip_test([1.0] * 20, fresh(), resamples=999) <= 2 / 1000


def test_no_difference_at_all() -> None:
    assert sign_flip_test([0.0] * 10, fresh()) == 1.0


@pytest.mark.parametrize("differences", [[], [0.1], [0.1, math.nan], [0.1, math.inf], [[0.1, 0.2]]])
def test_no_made_up_p(differences: list[float]) -> None:
    with pytest.raises(SampleError):
        sign_flip_test(differences, fresh())


# --- Holm -----------------------------------------------------------------------------------------------


def holm_by_hand(p_values: list[float]) -> list[float]:
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, running = [0.0] * len(p_values), 0.0
    for step, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - step) * p_values[index]))
        corrected[index] = running
    return corrected


def test_holm_textbook() -> None:
    # What p.adjust of R gives with the method "holm".
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_as_published() -> None:
    # Benjamini & Hochberg (1995), JRSS B 57, section 3.2: Bonferroni's and Hochberg's procedures both reject three of
    # these fifteen at 5 %, and Holm's lies between the two.
    p_values = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0),
    ]
    corrected = holm(p_values)
    assert corrected[:4] == pytest.approx([15 * 0.0001, 14 * 0.0004, 13 * 0.0019, 12 * 0.0095])
    assert (corrected <= 0.05).sum() == 3


def test_what_was_not_tested_is_no_member_of_the_family() -> None:
    found = compare([0.1, 0.2, 0.4, 0.5], [0.0, 0.0, 0.1, 0.1], None, fresh())
    assert holm_of_tested([found, None, found]) == [2 * found.p, None, 2 * found.p]
    assert holm_of_tested([None]) == [None]


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_steps_down(p_values: list[float]) -> None:
    assert holm(p_values).tolist() == pytest.approx(holm_by_hand(p_values))


@pytest.mark.parametrize("p_values", [[math.nan], [0.1, 1.1], [-0.1]])
def test_holm_refuses_what_is_no_p(p_values: list[float]) -> None:
    with pytest.raises(SampleError):
        holm(p_values)


# --- equivalence ----------------------------------------------------------------------------------------


@given(st.lists(st.integers(-100, 100), min_size=6, max_size=9), st.integers(1, 150))
def test_the_margin_is_tested_as_the_study_tests_it(differences: list[int], margin: int) -> None:
    sample = np.array(differences, dtype=np.float64)
    if abs(abs(sample.mean()) - margin) < 1e-9:
        return
    found = compare(sample, np.zeros(sample.size), margin, fresh())
    assert found.p == pytest.approx(max_t(sample[:, np.newaxis], fresh(), margin=margin).alone[0])
    within = equivalence_p(sample, margin, fresh(), grain=1e-9)
    assert within is not None
    assert found.within_margin == (within <= 0.025)


def test_five_pairs_are_too_few_to_be_alike() -> None:
    for pairs, alike in ((5, False), (6, True)):
        base = np.linspace(0.5, 0.6, pairs)
        noise = 0.0001 * np.arange(pairs)
        assert compare(base + noise, base, 0.1, fresh()).within_margin == alike


@pytest.mark.parametrize("seeds", [10, 20])
def test_the_interval_is_the_studys(seeds: int) -> None:
    differences = np.random.default_rng(3).normal(0.1, 1, seeds)
    interval = compare(differences, np.zeros(seeds), None, fresh()).interval
    expected = difference_interval(differences, fresh())
    assert [interval.low, interval.high] == pytest.approx([expected.low, expected.high], abs=0.03)


# --- probability of improvement -------------------------------------------------------------------------


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_probability_of_improvement_counts_couples(a: list[int], b: list[int]) -> None:
    wins = sum((x > y) + 0.5 * (x == y) for x in a for y in b)
    assert probability_of_improvement(a, b) == pytest.approx(wins / (len(a) * len(b)))
    assert probability_of_improvement(a, b) + probability_of_improvement(b, a) == pytest.approx(1)
    assert probability_of_improvement(a, b, higher_is_better=False) == pytest.approx(probability_of_improvement(b, a))


def test_probability_of_improvement_is_mann_whitneys() -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    a, b = rng.normal(0.5, 1, 10), rng.normal(0, 1, 12)
    assert probability_of_improvement(a, b) == pytest.approx(stats.mannwhitneyu(a, b).statistic / 120)


# --- the whole comparison -------------------------------------------------------------------------------

SEEDS = np.random.default_rng(11).normal(0, 0.003, size=10)
NOISE = np.random.default_rng(12).normal(0, 0.001, size=10)


@pytest.mark.parametrize(
    ("gap", "margin", "higher_is_better", "outcome"),
    [
        (0.02, 0.005, True, "better"),
        (0.02, 0.005, False, "worse"),
        (-0.02, 0.005, True, "worse"),
        (-0.02, 0.005, False, "better"),
        (0.0, 0.005, True, "no meaningful difference"),
        (0.003, 0.005, True, "no meaningful difference"),  # significant, and too small to matter
        (0.0, 0.0001, True, "inconclusive"),
        (0.0, None, True, "inconclusive"),
        (0.003, None, True, "better"),
        (0.0055, 0.005, True, "inconclusive"),  # there is a difference, but not beyond the margin
    ],
)
def test_each_outcome(gap: float, margin: float | None, higher_is_better: bool, outcome: str) -> None:
    base = 0.6 + SEEDS
    found = compare(base + NOISE + gap, base, margin, fresh(), higher_is_better=higher_is_better)
    assert found.pairs == 10
    assert found.difference == pytest.approx(found.mean_a - found.mean_b)
    assert found.conclusion(found.p) == outcome


def test_the_corrected_p_decides() -> None:
    found = compare(0.6 + SEEDS + NOISE + 0.02, 0.6 + SEEDS, None, fresh())
    assert found.conclusion(0.04) == "better"
    assert found.conclusion(0.06) == "inconclusive"


@pytest.mark.parametrize("corrected", [0.0, 1.5, math.nan])
def test_a_correction_never_lowers_p(corrected: float) -> None:
    with pytest.raises(SampleError, match="corrected p"):
        compare([0.1, 0.2, 0.4], [0.0, 0.1, 0.2], None, fresh()).conclusion(corrected)


@given(accuracies)
def test_swapping_mirrors_the_comparison(differences: list[float]) -> None:
    base = np.full(len(differences), 0.5)
    there = compare(base + differences, base, 0.01, fresh())
    back = compare(base, base + differences, 0.01, fresh())
    assert (there.difference, there.p) == (-back.difference, back.p)
    assert there.probability_of_improvement == pytest.approx(1 - back.probability_of_improvement)
    assert there.within_margin == back.within_margin


@pytest.mark.parametrize(
    ("a", "b", "margin", "words"),
    [
        ([0.1, 0.2], [0.1], None, "at least 2"),
        ([0.1, 0.2, 0.3], [0.1, 0.2], None, "same seeds"),
        ([0.1], [0.1], None, "at least 2"),
        ([0.1, math.nan], [0.1, 0.2], None, r"a\[1\] is nan"),
        ([0.1, 0.3], [0.1, math.inf], None, r"b\[1\] is inf"),
        ([0.1, 0.3], [0.1, 0.2], 0.0, "margin"),
        ([0.1, 0.3], [0.1, 0.2], math.nan, "margin"),
    ],
)
def test_what_cannot_be_compared(a: list[float], b: list[float], margin: float | None, words: str) -> None:
    with pytest.raises(SampleError, match=words):
        compare(a, b, margin, fresh())


# --- many comparisons at once ---------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [2, 5, 14, 16, 17, 40])
def test_many_comparisons_at_once_are_those_one_by_one(seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    a = rng.normal(0.6, 0.01, (7, seeds)).round(4)
    b = (a + rng.normal(0.002, 0.005, a.shape)).round(4)
    b[3] = a[3]  # no difference at all
    many = compare_each(a, b, 0.01, fresh())
    for first, second, found in zip(a, b, many, strict=True):
        alone = compare(first, second, 0.01, fresh())
        assert found.p == alone.p
        assert found.difference == alone.difference
        assert found.interval.low == pytest.approx(alone.interval.low, abs=1e-12)


def test_random_patterns_do_not_depend_on_how_many_rows_share_them() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.1, 1, (200, 33)), rng.normal(0, 1, (200, 33))
    assert compare_each(a[:1], b[:1], None, fresh())[0].p == compare_each(a, b, None, fresh())[0].p


def test_however_many_rows_there_are_the_patterns_are_drawn_once() -> None:
    # drawn for each, the couples of 40 optimizers would take minutes
    one, many = fresh(), fresh()
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.1, 1, (60, 20)), rng.normal(0, 1, (60, 20))
    compare_each(a[:1], b[:1], None, one)
    compare_each(a, b, None, many)
    assert one.bit_generator.state == many.bit_generator.state


def test_the_smallest_p_of_random_patterns() -> None:
    assert sign_flip_test([1.0] * 40, fresh()) == smallest_p(40) == 1e-5


@pytest.mark.parametrize(("pairs", "known"), [(2, False), (3, False), (5, False), (6, True), (10, True)])
def test_few_equal_differences_say_nothing_about_their_spread(pairs: int, known: bool) -> None:
    # 0.82 − 0.81 is not 0.81 − 0.80 in floating point
    base = 0.80 + 0.01 * np.arange(pairs)
    found = compare(base + 0.01, base, 0.05, fresh())
    assert (found.interval.low is not None, found.interval.high is not None) == (known, known)
    assert found.within_margin == known
    assert found.difference == pytest.approx(0.01)
