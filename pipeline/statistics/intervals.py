"""How sure an estimate is: an interval around a mean, a share, or a mean of paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError, check_confidence, finite_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FEWEST_RESAMPLES = 999


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its confidence interval.

    Attributes
    ----------
    estimate
        The point estimate.
    low, high
        The bounds, or both None where the sample says nothing about its spread (a single value).
    confidence
        The share of such intervals that hold the true value, for example 0.95.
    """

    estimate: float
    low: float | None
    high: float | None
    confidence: float

    @property
    def known(self) -> bool:
        """Whether there are bounds at all."""
        return self.low is not None and self.high is not None


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean and its Student t interval, ``mean ± t(n − 1) · s / √n``.

    Parameters
    ----------
    values
        Shape ``(n,)``, for example one accuracy a seed.
    confidence
        Between 0 and 1.

    Returns
    -------
    Interval
        With ``low`` and ``high`` None for a single value: one seed has no spread.

    Raises
    ------
    SampleError
        Where `values` are empty, NaN or infinite, or `confidence` is out of range.

    References
    ----------
    Student (1908), "The probable error of a mean", Biometrika 6.

    Examples
    --------
    >>> mean_interval([1.0, 2.0, 3.0]).estimate
    2.0
    """
    from scipy import stats

    check_confidence(confidence)
    sample = finite_sample(values)
    mean = float(sample.mean())
    if sample.size == 1:
        return Interval(mean, None, None, confidence)
    reach = float(stats.t.ppf((1 + confidence) / 2, sample.size - 1) * stats.sem(sample))
    return Interval(mean, mean - reach, mean + reach, confidence)


def wilson_interval(successes: float, trials: float, confidence: float = 0.95) -> Interval:
    """Return a share and its Wilson score interval.

    Parameters
    ----------
    successes
        How many of `trials` went well; a fraction is allowed (a mean over seeds of counts of the same items).
    trials
        How many there were.
    confidence
        Between 0 and 1.

    Raises
    ------
    SampleError
        Where `trials` is not positive, `successes` is not within 0 to `trials`, either is NaN,
        or `confidence` is out of range.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22;
    Brown, Cai & DasGupta (2001), "Interval estimation for a binomial proportion", eq. 4.

    Examples
    --------
    >>> wilson_interval(5, 10).estimate
    0.5
    """
    from statsmodels.stats.proportion import proportion_confint

    check_confidence(confidence)
    if not (np.isfinite(trials) and trials > 0):
        raise SampleError(f"trials is {trials}, a positive number is needed.")
    if not 0 <= successes <= trials:
        raise SampleError(f"successes is {successes}, allowed is 0 to {trials}.")
    low, high = proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
    return Interval(successes / trials, float(low), float(high), confidence)


def bootstrap_interval(
    differences: ArrayLike,
    rng: np.random.Generator,
    confidence: float = 0.95,
    resamples: int = 9_999,
) -> Interval:
    """Return the mean and its bias-corrected and accelerated (BCa) bootstrap interval.

    Parameters
    ----------
    differences
        Shape ``(n,)``, for example one paired difference a seed.
    rng
        Where the resamples come from; the same state gives the same interval.
    confidence
        Between 0 and 1.
    resamples
        How many, at least 999.

    Returns
    -------
    Interval
        With ``low`` and ``high`` None for a single difference, and both equal to the estimate where all
        differences are equal: every resample then has the same mean. (That is what the bootstrap says; with
        few pairs it is too narrow, as any bootstrap interval is.)

    Raises
    ------
    SampleError
        Where `differences` are empty, NaN or infinite, or `confidence` or `resamples` is out of range.

    References
    ----------
    Efron (1987), "Better bootstrap confidence intervals", JASA 82.
    """
    check_confidence(confidence)
    if resamples < FEWEST_RESAMPLES:
        raise SampleError(f"resamples is {resamples}, at least {FEWEST_RESAMPLES} are needed.")
    sample = finite_sample(differences, name="differences")
    mean = float(sample.mean())
    if sample.size == 1:
        return Interval(mean, None, None, confidence)
    if np.ptp(sample) == 0:
        return Interval(float(sample[0]), float(sample[0]), float(sample[0]), confidence)
    low, high = _bca_bounds(sample, rng, confidence, resamples)
    return Interval(mean, low, high, confidence)


def _bca_bounds(sample: np.ndarray, rng: np.random.Generator, confidence: float, resamples: int) -> tuple[float, float]:
    from scipy import stats

    # BCa's acceleration divides third by second moments, which underflow where differences are tiny.
    scale = float(np.abs(sample).max())
    centre = float((sample / scale).mean())
    spread = float((sample / scale).std())
    standard = (sample / scale - centre) / spread
    result = stats.bootstrap(
        (standard,),
        np.mean,
        n_resamples=resamples,
        confidence_level=confidence,
        method="BCa",
        vectorized=True,
        rng=rng,
    ).confidence_interval
    low, high = ((float(bound) * spread + centre) * scale for bound in (result.low, result.high))
    return low, high
