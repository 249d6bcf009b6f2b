import numpy as np
import pytest

from pipeline.statistics.aggregates import interquartile_mean
from pipeline.statistics.samples import SampleError


def brute_force(scores, seed):
    """Resample seeds inside each problem, by loops, as rliable does."""
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(2000):
        drawn = np.sort(np.concatenate([rng.choice(own, own.size) for own in scores]))
        cut = len(drawn) // 4
        means.append(drawn[cut : len(drawn) - cut].mean())
    return np.percentile(means, [2.5, 97.5])


def test_it_is_the_mean_of_the_middle_half_and_its_interval_that_of_a_stratified_bootstrap():
    rng = np.random.default_rng(3)
    scores = [rng.normal(level, 0.05, 10) for level in (0.2, 0.5, 0.9)]
    found = interquartile_mean(scores, np.random.default_rng(0))
    middle = np.sort(np.concatenate(scores))[7:23]
    assert found.estimate == pytest.approx(middle.mean())
    assert [found.low, found.high] == pytest.approx(brute_force(scores, 1), abs=0.004)


def test_the_same_seed_gives_the_same_interval_and_one_seed_alone_none():
    scores = [[0.1, 0.2, 0.4], [0.5, 0.7]]
    one, other, third = (interquartile_mean(scores, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == other
    alone = interquartile_mean([[0.1], [0.4]], np.random.default_rng(0))
    assert (alone.estimate, alone.low, alone.high) == (pytest.approx(0.25), None, None)
    assert third.estimate == one.estimate


def test_a_missing_score_is_an_error():
    with pytest.raises(SampleError):
        interquartile_mean([[0.1, float("nan")]], np.random.default_rng(0))
