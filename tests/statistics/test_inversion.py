from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics.families import max_t
from pipeline.statistics.inversion import difference_interval, equivalence_p
from pipeline.statistics.paired import sign_flip_test
from pipeline.statistics.samples import SampleError

differences = st.lists(st.integers(-300, 300).map(lambda k: k / 100), min_size=6, max_size=9)


def fresh() -> np.random.Generator:
    return np.random.default_rng(0)


# --- the interval ---------------------------------------------------------------------------------------


@given(differences)
def test_the_test_rejects_just_outside_the_interval_and_not_just_inside(sample: list[float]) -> None:
    found = difference_interval(sample, fresh())
    assert found.method == "sign flips"
    assert found.low is not None
    assert found.high is not None
    shifted = np.array(sample)
    for bound, outwards in ((found.low, -1e-6), (found.high, 1e-6)):
        assert sign_flip_test(shifted - bound - outwards, fresh()) <= 0.05
        if found.low < found.high - 1e-5:
            assert sign_flip_test(shifted - bound + outwards, fresh()) > 0.05


def test_subsets_counted_by_hand() -> None:
    sample = [1.0, 4.0, 2.0, 9.0, 3.0, 7.0, 5.0]
    subsets = itertools.chain.from_iterable(itertools.combinations(sample, k) for k in range(1, 8))
    means = sorted(sum(subset) / len(subset) for subset in subsets)
    found = difference_interval(sample, fresh())
    # 0.025 · 2⁷ = 3.2: the third of 127
    assert (found.estimate, found.low, found.high) == pytest.approx((31 / 7, means[2], means[-3]))
    six = difference_interval(sample[:6], fresh())
    assert (six.low, six.high) == (1.0, 9.0)


def test_fewer_than_six_pairs_are_students() -> None:
    for size in (2, 3, 5):
        sample = np.arange(size) ** 2.0
        found = difference_interval(sample, fresh())
        low, high = stats.ttest_1samp(sample, 0).confidence_interval()
        assert found.method == "Student's t"
        assert (found.low, found.high) == pytest.approx((low, high))
    assert difference_interval([3.0], fresh()).low is None
    assert difference_interval(np.arange(5.0), fresh(), confidence=0.9).method == "sign flips"


@pytest.mark.parametrize(("pairs", "exact"), [(6, 1 - 2 / 64), (8, 1 - 12 / 256), (10, 1 - 50 / 1024)])
def test_coverage_is_exact_whatever_the_symmetric_law(pairs: int, exact: float) -> None:
    rng, studies = np.random.default_rng(11), 1_500
    for draw in (rng.normal, rng.laplace):
        covered = 0
        for _ in range(studies):
            found = difference_interval(draw(2.0, 1.0, pairs) + rng.uniform(-1, 1, pairs), rng)
            covered += (found.low or 0.0) <= 2.0 <= (found.high or 0.0)
        assert covered / studies == pytest.approx(exact, abs=4 * (exact * (1 - exact) / studies) ** 0.5)


def test_above_sixteen_pairs_random_subsets_come_close() -> None:
    sample = np.random.default_rng(3).normal(1, 2, 24)
    found = difference_interval(sample, fresh(), resamples=9_999)
    low, high = stats.ttest_1samp(sample, 0).confidence_interval()
    assert found.method == "sign flips"
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.15)
    assert found == difference_interval(sample, fresh(), resamples=9_999)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0]))
def test_what_the_family_finds_beyond_a_margin_has_its_interval_beyond_it(seed: int, margin: float) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(rng.uniform(-3, 3, 4), 1, (8, 4))
    found = max_t(table, rng, margin=margin)
    for column, above, below in zip(table.T, found.above(), found.below(), strict=True):
        interval = difference_interval(column, rng)
        assert not above or (interval.low or 0.0) > margin
        assert not below or (interval.high or 0.0) < -margin


# --- equivalence ----------------------------------------------------------------------------------------


@given(differences, st.sampled_from([0.5, 1.0, 2.0]))
def test_equivalence_is_the_interval_within_the_margin(sample: list[float], margin: float) -> None:
    p = equivalence_p(sample, margin, fresh(), grain=1e-9)
    interval = difference_interval(sample, fresh())
    assert p is not None
    assert interval.low is not None
    assert interval.high is not None
    assert (p <= 0.025) == (-margin < interval.low and interval.high < margin)


def test_equivalence_counted_by_hand() -> None:
    # shifted by 1: 1.2, .9, 1.1, 1.0, .8, 1.3: only the observed pattern reaches their sum
    sample = [0.2, -0.1, 0.1, 0.0, -0.2, 0.3]
    assert equivalence_p(sample, 1.0, fresh(), grain=1e-4) == pytest.approx(1 / 64)
    # 0.25 − 0.3 may be flipped as well
    assert equivalence_p(sample, 0.25, fresh(), grain=1e-4) > 1 / 64  # type: ignore[operator]


def test_five_pairs_cannot_show_that_two_are_alike() -> None:
    assert equivalence_p([0.0] * 5, 1.0, fresh(), grain=1e-4) is None
    assert equivalence_p([0.0] * 6, 1.0, fresh(), grain=1e-4) == pytest.approx(1 / 64)


def test_equal_differences_are_no_finer_than_the_grain() -> None:
    # 40 test images: an accuracy moves by 2.5 points, a margin of 1 point is out of reach
    found = equivalence_p([0.0] * 8, 1.0, fresh(), grain=2.5)
    assert found == pytest.approx(stats.t.sf(1 / (2.5 / 8**0.5), 7))
    assert found > 0.05  # type: ignore[operator]


def test_equivalence_is_seldom_claimed_on_the_margin() -> None:
    rng, studies = np.random.default_rng(5), 1_500
    claims = sum((equivalence_p(rng.normal(1, 0.7, 10), 1.0, rng, grain=0.01) or 0.0) <= 0.05 for _ in range(studies))
    assert claims / studies == pytest.approx(51 / 1024, abs=4 * (0.05 * 0.95 / studies) ** 0.5)


@pytest.mark.parametrize(
    ("margin", "grain", "name"), [(0.0, 1.0, "margin"), (1.0, 0.0, "grain"), (np.inf, 1, "margin")]
)
def test_margin_and_grain_are_positive(margin: float, grain: float, name: str) -> None:
    with pytest.raises(SampleError, match=f"{name} is .*positive"):
        equivalence_p([0.0] * 6, margin, fresh(), grain=grain)


def test_infinite_differences_are_refused() -> None:
    with pytest.raises(SampleError, match="count it as diverged"):
        difference_interval([1.0, -np.inf], fresh())


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    with pytest.raises(SampleError, match="confidence is"):
        difference_interval(np.arange(8.0), fresh(), confidence)
