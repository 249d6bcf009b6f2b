from __future__ import annotations

import numpy as np
import pytest

from pipeline.statistics.divergence import counted_as_worst
from pipeline.statistics.families import max_t
from pipeline.statistics.inversion import difference_interval
from pipeline.statistics.samples import SampleError


def fresh() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_diverged_accuracy_is_zero_and_missing_runs_stay_missing() -> None:
    scores = np.array([[0.6, 0.5, 0.7], [0.4, np.nan, np.nan]])
    found = counted_as_worst(scores, [[False, True, False], [False, True, False]], 0.0)
    np.testing.assert_array_equal(found, [[0.6, 0.0, 0.7], [0.4, 0.0, np.nan]])
    assert scores[0, 1] == 0.5


def test_a_diverged_loss_is_guessing_or_worse_if_a_finished_run_was_worse() -> None:
    diverged = np.array([False, True, False])
    guessing = np.log(10)
    assert counted_as_worst([1.2, np.inf, 1.3], diverged, guessing, higher_is_better=False)[1] == guessing
    assert counted_as_worst([1.2, np.nan, 4.5], diverged, guessing, higher_is_better=False)[1] == 4.5
    assert counted_as_worst([np.nan] * 2, [True, True], 0.0).tolist() == [0, 0]


def compared(diverged_seeds: int) -> np.ndarray:
    """Return differences in points, rival − baseline, where the baseline diverges that often in ten seeds."""
    rng = np.random.default_rng(1)
    scores = rng.normal(60, 1, (2, 10))
    lost = np.zeros((2, 10), dtype=bool)
    lost[1, :diverged_seeds] = True
    rival, baseline = counted_as_worst(scores, lost, 0.0)
    return rival - baseline


def test_a_baseline_that_diverges_often_is_compared_and_loses() -> None:
    assert not max_t(np.c_[compared(1)], fresh()).above()
    assert max_t(np.c_[compared(7)], fresh()).above()


def test_one_diverged_seed_leaves_a_number_and_a_wide_interval() -> None:
    found = difference_interval(compared(1), fresh())
    assert found.estimate == pytest.approx(6, abs=1.5)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1
    assert 10 < found.high < 61


def test_how_deep_the_cap_lies_hardly_matters_to_the_test() -> None:
    p = []
    for worst in (0.0, -1000.0):
        scores = counted_as_worst(np.array([[60.0] * 10, [59.9] * 10]), np.arange(20).reshape(2, 10) >= 14, worst)
        p.append(float(max_t(np.c_[scores[0] - scores[1]], fresh()).corrected[0]))
    assert p[0] == pytest.approx(p[1], abs=0.002)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(SampleError, match=r"shape \(2,\) and diverged \(1,\)"):
        counted_as_worst([1.0, 2.0], [True], 0.0)
    with pytest.raises(SampleError, match="worst is inf"):
        counted_as_worst([1.0], [True], np.inf)
    with pytest.raises(SampleError, match="does not count as diverged"):
        counted_as_worst([np.inf], [False], 0.0)
