from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pipeline.statistics.ranks import critical_difference, friedman_test, mean_ranks, rank
from pipeline.statistics.samples import SampleError

# Demšar (2006), table 6: the ranks of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf on 14 data sets.
DEMSAR_RANKS = [
    [4, 3, 2, 1], [1, 2, 3, 4], [4, 1, 2, 3], [4, 1, 3, 2], [4, 2, 3, 1], [1, 2.5, 4, 2.5], [3, 2, 4, 1],
    [2.5, 2.5, 4, 1], [4, 3, 2, 1], [2.5, 2.5, 2.5, 2.5], [4, 2.5, 1, 2.5], [3, 2, 4, 1], [4, 1, 2, 3],
    [3, 1, 4, 2],
]  # fmt: skip
tables = arrays(np.int64, array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=6), elements=st.integers(0, 4))


def test_mean_ranks_as_published() -> None:
    found = mean_ranks(-np.array(DEMSAR_RANKS))
    assert found == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)


def test_friedman_as_published() -> None:
    # Demšar computes 9.28 without the correction for ties, which divides by 1 − Σ(t³ − t) / (N k (k² − 1)).
    ties = sum(sum(row.count(value) ** 3 - row.count(value) for value in set(row)) for row in DEMSAR_RANKS)
    found = friedman_test(DEMSAR_RANKS)
    assert found.statistic * (1 - ties / (14 * 4 * 15)) == pytest.approx(9.28, abs=0.005)
    assert found.p == pytest.approx(0.0167, abs=5e-4)


@pytest.mark.parametrize(
    ("alpha", "quantiles"),
    [
        (0.05, [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]),
        (0.10, [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920]),
    ],
)
def test_critical_difference_as_published(alpha: float, quantiles: list[float]) -> None:
    # Demšar (2006), table 5(a): the critical values for 2 to 10 classifiers.
    for k, q in enumerate(quantiles, start=2):
        assert critical_difference(k, 7, alpha) == pytest.approx(q * math.sqrt(k * (k + 1) / 42), rel=6e-4)


def test_critical_difference_of_the_published_example() -> None:
    assert round(critical_difference(4, 14), 2) == 1.25


@given(tables)
def test_ranks_sum_up_and_mirror(table: np.ndarray) -> None:
    k = table.shape[1]
    found = mean_ranks(table)
    assert found.sum() == pytest.approx(k * (k + 1) / 2)
    assert mean_ranks(-table) == pytest.approx(k + 1 - found)
    assert mean_ranks(np.exp(table)) == pytest.approx(found)


@given(tables)
def test_a_rank_counts_the_better_ones(table: np.ndarray) -> None:
    expected = [[np.sum(row > value) + (np.sum(row == value) + 1) / 2 for value in row] for row in table]
    assert mean_ranks(table) == pytest.approx(np.mean(expected, axis=0))


def test_a_diverged_run_ranks_last() -> None:
    assert mean_ranks([[0.1, -math.inf, 0.2]]).tolist() == [2, 3, 1]


def test_a_ranking_puts_the_best_first() -> None:
    found = rank(["c4.5", "m", "cf", "m+cf"], -np.array(DEMSAR_RANKS))
    assert found is not None
    assert list(found.ranks) == ["m+cf", "m", "cf", "c4.5"]
    assert found.ranks["m+cf"] == pytest.approx(1.964, abs=5e-4)
    assert (found.blocks, round(found.critical_difference, 2)) == (14, 1.25)
    assert found.p == pytest.approx(0.0167, abs=5e-4)


def test_no_ranking_of_two_optimizers_or_one_block_and_no_p_of_ties() -> None:
    assert rank(["a", "b"], np.zeros((5, 2))) is None
    assert rank(["a", "b", "c"], np.zeros((1, 3))) is None
    tied = rank(["a", "b", "c"], np.array([[1.0] * 3, [2.0] * 3]))
    assert tied is not None
    assert tied.p is None


@pytest.mark.parametrize("table", [[1.0, 2.0], [[1.0], [2.0]], [[1.0, math.nan]], np.zeros((0, 3))])
def test_what_cannot_be_ranked(table: list[list[float]]) -> None:
    with pytest.raises(SampleError):
        mean_ranks(table)


@pytest.mark.parametrize("table", [[[1, 2, 3]], [[1, 2], [2, 1]], [[1, 1, 1], [2, 2, 2]]])
def test_no_made_up_friedman(table: list[list[float]]) -> None:
    with pytest.raises(SampleError):
        friedman_test(table)


@pytest.mark.parametrize("arguments", [(1, 5), (3, 0), (3, 5, 0.0), (3, 5, 1.0)])
def test_critical_difference_out_of_range(arguments: tuple[int, int]) -> None:
    with pytest.raises(SampleError):
        critical_difference(*arguments)
