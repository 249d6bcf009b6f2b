"""One number for several problems: the interquartile mean of normalized scores, with a stratified bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.intervals import CONFIDENCE, Interval
from pipeline.statistics.samples import finite_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

_CUT = 0.25  # of the values, at either end
_RESAMPLES = 5_000


def interquartile_mean(scores: Sequence[ArrayLike], rng: np.random.Generator) -> Interval:
    """Return the mean of the middle half of all scores, with a 95 % interval (Agarwal et al. 2021, NeurIPS 34).

    The interval is that of percentiles over bootstrap samples, in which the seeds of each problem are drawn anew and
    the problems stay (stratified). It says how far other seeds would move the mean, not other problems.

    Parameters
    ----------
    scores
        Of each problem one value per seed, shape ``(seeds,)``, on a scale that the problems share.
    """
    from scipy import stats

    samples = [finite_sample(own) for own in scores]
    estimate = float(stats.trim_mean(np.concatenate(samples), _CUT))
    if all(own.size == 1 for own in samples):
        return Interval(estimate, None, None)
    drawn = [own[rng.integers(own.size, size=(_RESAMPLES, own.size))] for own in samples]
    means = stats.trim_mean(np.concatenate(drawn, axis=1), _CUT, axis=1)
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(means, [tail, 100 - tail])
    return Interval(estimate, float(low), float(high))
