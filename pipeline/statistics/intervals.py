"""How sure an estimate is: an interval around a mean, a share, or a mean of paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError, finite_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CONFIDENCE = 0.95
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
    """

    estimate: float
    low: float | None
    high: float | None


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean and its Student t interval, ``mean ± t(n − 1) · s / √n``.

    Parameters
    ----------
    values
        Shape ``(n,)``, for example one accuracy per seed.
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

    if not 0 < confidence < 1:
        raise SampleError(f"confidence is {confidence}, allowed is the open range 0 to 1, for example 0.95.")
    sample = finite_sample(values)
    mean = float(sample.mean())
    if sample.size == 1:
        return Interval(mean, None, None)
    reach = float(stats.t.ppf((1 + confidence) / 2, sample.size - 1) * stats.sem(sample))
    return Interval(mean, mean - reach, mean + reach)


def wilson_interval(successes: float, trials: float) -> Interval:
    """Return a share and its 95 % Wilson score interval.

    With share p, n trials and the normal quantile z:
    ``(p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n)``. scipy has it for whole counts only
    (``binomtest(...).proportion_ci(method="wilson")``).

    Parameters
    ----------
    successes
        How many of `trials` succeeded; a fraction is allowed (a mean over seeds of counts of the same items).
    trials
        How many there were.

    Raises
    ------
    SampleError
        Where `trials` is not positive, `successes` is not within 0 to `trials`, or either is NaN.

    References
    ----------
    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22;
    Brown, Cai & DasGupta (2001), "Interval estimation for a binomial proportion", eq. 4.

    Examples
    --------
    >>> wilson_interval(5, 10).estimate
    0.5
    """
    from scipy.special import ndtri

    if not (np.isfinite(trials) and trials > 0):
        raise SampleError(f"trials is {trials}, a positive number is needed.")
    if not 0 <= successes <= trials:
        raise SampleError(f"successes is {successes}, allowed is 0 to {trials}.")
    share, squared = successes / trials, float(ndtri((1 + CONFIDENCE) / 2)) ** 2 / trials
    centre = (share + squared / 2) / (1 + squared)
    reach = np.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared)
    return Interval(share, max(0.0, float(centre - reach)), min(1.0, float(centre + reach)))


def bootstrap_interval(differences: ArrayLike, rng: np.random.Generator, resamples: int = 9_999) -> Interval:
    """Return the mean and its 95 % bias-corrected and accelerated (BCa) bootstrap interval.

    Parameters
    ----------
    differences
        Shape ``(n,)``, for example one paired difference per seed.
    rng
        Draws the resamples; the same state gives the same interval.
    resamples
        How many, at least 999.

    Returns
    -------
    Interval
        With ``low`` and ``high`` None for a single difference, and both equal to the estimate where all
        differences are equal. With few pairs it is too narrow, as any bootstrap interval is.

    Raises
    ------
    SampleError
        Where `differences` are empty, NaN or infinite, or there are too few `resamples`.

    References
    ----------
    Efron (1987), "Better bootstrap confidence intervals", JASA 82.
    """
    from scipy import stats

    if resamples < FEWEST_RESAMPLES:
        raise SampleError(f"resamples is {resamples}, at least {FEWEST_RESAMPLES} are needed.")
    sample = finite_sample(differences, name="differences")
    if sample.size == 1:
        return Interval(float(sample[0]), None, None)
    if np.ptp(sample) == 0:
        return Interval(*[float(sample[0])] * 3)
    # BCa's acceleration divides third by second moments, which underflow where differences are tiny.
    scale = float(np.abs(sample).max())
    centre, spread = float((sample / scale).mean()), float((sample / scale).std())
    standard = (sample / scale - centre) / spread
    bounds = stats.bootstrap(
        (standard,), np.mean, n_resamples=resamples, confidence_level=CONFIDENCE, method="BCa", vectorized=True, rng=rng
    ).confidence_interval
    low, high = ((float(bound) * spread + centre) * scale for bound in bounds)
    return Interval(float(sample.mean()), low, high)
