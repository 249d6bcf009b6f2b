from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.project.errors import UserError
from pipeline.statistics.intervals import Interval, mean_interval, wilson_interval
from pipeline.statistics.samples import SampleError

finite = st.floats(-1e3, 1e3, allow_nan=False, width=32)
samples = st.lists(finite, min_size=2, max_size=12)


# --- the mean -------------------------------------------------------------------------------------------


def test_mean_interval_is_the_tabled_student_interval() -> None:
    # t(0.975, 4) = 2.776 in every printed table; s = √2.5 for 1..5.
    interval = mean_interval([1, 2, 3, 4, 5])
    reach = 2.776 * math.sqrt(2.5) / math.sqrt(5)
    assert interval.estimate == 3
    assert interval.low == pytest.approx(3 - reach, abs=1e-3)
    assert interval.high == pytest.approx(3 + reach, abs=1e-3)


def test_a_single_seed_has_no_interval() -> None:
    interval = mean_interval([0.5])
    assert interval == Interval(0.5, None, None)


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert mean_interval([2.0, 2.0, 2.0]) == Interval(2.0, 2.0, 2.0)


@given(samples)
def test_mean_interval_mirrors(values: list[float]) -> None:
    there, back = mean_interval(values), mean_interval([-v for v in values])
    assert there.low is not None
    assert back.high is not None
    assert there.low == pytest.approx(-back.high, abs=1e-9)


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [math.inf, 1.0], [[1.0, 2.0]]])
def test_no_interval_of_what_is_no_sample(values: list[float]) -> None:
    with pytest.raises(SampleError):
        mean_interval(values)


def test_the_error_is_a_users_and_a_value_error_and_names_the_place() -> None:
    with pytest.raises(UserError, match=r"values\[1\] is nan") as caught:
        mean_interval([1.0, math.nan])
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, math.nan])
def test_confidence_out_of_range(confidence: float) -> None:
    with pytest.raises(SampleError, match="confidence"):
        mean_interval([1.0, 2.0], confidence)


# --- a share --------------------------------------------------------------------------------------------


@given(st.integers(1, 10_000), st.data())
def test_wilson_interval_is_scipys_on_whole_counts(trials: int, data: st.DataObject) -> None:
    from scipy import stats

    successes = data.draw(st.integers(0, trials))
    interval = wilson_interval(successes, trials)
    expected = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert interval.low == pytest.approx(expected.low, abs=1e-9)
    assert interval.high == pytest.approx(expected.high, abs=1e-9)


@given(st.integers(1, 1_000), st.floats(0, 1))
def test_wilson_interval_of_a_fractional_count_solves_its_equation(trials: int, share: float) -> None:
    # Wilson's bounds are the shares that lie z standard errors, their own, from the observed one
    interval = wilson_interval(share * trials, trials)
    for bound in (interval.low, interval.high):
        assert bound is not None
        error = math.sqrt(bound * (1 - bound) / trials)
        if 1e-9 < bound < 1 - 1e-9:
            assert abs(bound - share) == pytest.approx(1.959963984540054 * error, abs=1e-9)


def test_wilson_interval_as_published() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3: 81 of 263.
    interval = wilson_interval(81, 263)
    assert interval.low == pytest.approx(0.2553, abs=5e-5)
    assert interval.high == pytest.approx(0.3662, abs=5e-5)


@pytest.mark.parametrize(
    ("successes", "trials"), [(1, 0), (-1, 5), (6, 5), (math.nan, 5), (1, math.nan), (1, math.inf)]
)
def test_no_share_of_nonsense(successes: float, trials: float) -> None:
    with pytest.raises(SampleError):
        wilson_interval(successes, trials)
