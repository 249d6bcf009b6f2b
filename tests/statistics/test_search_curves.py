from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.samples import SampleError
from pipeline.statistics.search_curves import chance_of_best, expected_best, learning_rate_tolerance

GRID = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
score_lists = st.lists(st.floats(0, 1, width=16), min_size=5, max_size=5)


# --- tolerance of the learning rate ---------------------------------------------------------------------


def measured(rates: list[float], scores: list[float], margin: float) -> float:
    """The same length, by counting points of a fine mesh."""
    position = np.log10(rates)
    mesh = np.linspace(position[0], position[-1], 400_001)
    good = np.interp(mesh, position, scores) >= max(scores) - margin
    return float(good.mean() * (position[-1] - position[0]))


@given(score_lists, st.floats(0.01, 0.5))
def test_tolerance_is_the_length_of_the_good_part(scores: list[float], margin: float) -> None:
    gaps = np.abs(np.max(scores) - margin - np.array(scores))
    if gaps.min() < 1e-9:
        return
    found = learning_rate_tolerance(GRID, scores, margin)
    assert found.decades == pytest.approx(measured(GRID, scores, margin), abs=1e-4)


@given(score_lists, st.permutations(range(5)))
def test_tolerance_knows_no_order_of_trials(scores: list[float], order: list[int]) -> None:
    found = learning_rate_tolerance(GRID, scores, 0.05)
    assert found == learning_rate_tolerance([GRID[i] for i in order], [scores[i] for i in order], 0.05)


@given(score_lists)
def test_a_wider_margin_forgives_more(scores: list[float]) -> None:
    decades = [learning_rate_tolerance(GRID, scores, margin).decades for margin in (0.0, 0.1, 0.3, 1.0)]
    assert decades == sorted(decades)
    assert decades[-1] == pytest.approx(4)


def test_tolerance_by_hand() -> None:
    found = learning_rate_tolerance([0.001, 0.01, 0.1], [0.5, 0.6, 0.4], 0.05)
    assert found.decades == pytest.approx(0.5 + 0.25)
    assert (found.best_learning_rate, found.best_score) == (0.01, 0.6)
    assert not found.open_low
    assert not found.open_high


def test_a_good_edge_is_open() -> None:
    found = learning_rate_tolerance([0.001, 0.01, 0.1], [0.6, 0.59, 0.1], 0.05)
    assert found.open_low
    assert not found.open_high


@pytest.mark.parametrize("diverged", [math.nan, math.inf, -math.inf])
def test_towards_a_diverged_trial_nothing_is_good(diverged: float) -> None:
    found = learning_rate_tolerance(GRID, [0.6, 0.6, diverged, 0.6, 0.6], 0.1)
    assert found.decades == pytest.approx(2)


def test_gaps_are_left_out() -> None:
    assert learning_rate_tolerance(GRID, [0.6, 0.2, 0.2, 0.2, 0.6], 0.1).decades == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("rates", "scores", "margin", "words"),
    [
        ([0.1], [0.5], 0.1, "at least 2"),
        ([0.1, 0.1], [0.5, 0.6], 0.1, "distinct"),
        ([0.0, 0.1], [0.5, 0.6], 0.1, "positive"),
        ([0.1, math.nan], [0.5, 0.6], 0.1, "nan"),
        ([0.1, 1.0], [0.5], 0.1, "one each"),
        ([0.1, 1.0], [0.5, 0.6], -0.1, "margin"),
        ([0.1, 1.0], [0.5, 0.6], math.nan, "margin"),
        ([0.1, 1.0], [math.nan, math.nan], 0.1, "every trial diverged"),
    ],
)
def test_no_made_up_tolerance(rates: list[float], scores: list[float], margin: float, words: str) -> None:
    with pytest.raises(SampleError, match=words):
        learning_rate_tolerance(rates, scores, margin)


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
