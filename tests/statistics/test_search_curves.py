from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.samples import SampleError
from pipeline.statistics.search_curves import chance_of_best, expected_best

# --- expected best of a budget --------------------------------------------------------------------------


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5))
def test_expected_best_is_the_mean_over_all_draws(scores: list[float]) -> None:
    expected = [np.mean([max(draw) for draw in itertools.product(scores, repeat=k)]) for k in range(1, 5)]
    assert expected_best(scores, 4) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_more_trials_never_hurt(scores: list[float]) -> None:
    curve = expected_best(scores, 30)
    assert (np.diff(curve) >= -1e-12).all()
    assert curve[0] == pytest.approx(np.mean(scores))
    assert curve[-1] <= max(scores) + 1e-12


def test_a_diverged_trial_counts_what_it_is_worth() -> None:
    assert expected_best([math.nan, 0.5], 1, diverged_score=0.1).tolist() == pytest.approx([0.3])


@pytest.mark.parametrize(("scores", "trials"), [([], 1), ([0.5], 0), ([0.5, math.nan], 1)])
def test_no_made_up_expectation(scores: list[float], trials: int) -> None:
    with pytest.raises(SampleError):
        expected_best(scores, trials)


@pytest.mark.parametrize("trials", [1, 2, 3, 5])
def test_chance_of_best_counts_all_sets_of_different_trials(trials: int) -> None:
    sets = list(itertools.combinations(range(5), trials))
    counted = [sum(max(drawn) == place for drawn in sets) / len(sets) for place in range(5)]
    assert chance_of_best(5, trials).tolist() == pytest.approx(counted)


def test_after_the_whole_search_the_best_is_certain() -> None:
    assert chance_of_best(4, 4).tolist() == chance_of_best(4, 9).tolist() == [0, 0, 0, 1]


def test_different_trials_find_more_than_repeated_ones() -> None:
    scores = np.array([0.1, 0.3, 0.7])
    assert chance_of_best(3, 1) @ scores == pytest.approx(expected_best(scores, 1)[0])
    assert chance_of_best(3, 2) @ scores > expected_best(scores, 2)[1]


@pytest.mark.parametrize(("count", "trials"), [(0, 1), (3, 0)])
def test_a_chance_needs_scores_and_trials(count: int, trials: int) -> None:
    with pytest.raises(SampleError, match="at least 1 of each"):
        chance_of_best(count, trials)
