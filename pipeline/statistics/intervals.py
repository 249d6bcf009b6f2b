"""How sure an estimate is: an interval around a mean, a share, or a mean of paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError, finite_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95
FEWEST_RESAMPLES = 999
_MOST_VALUES_AT_ONCE = 2**18


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its confidence interval; no bounds where a single value says nothing about its spread."""

    estimate: float
    low: float | None
    high: float | None


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the mean and its Student t interval, ``mean ± t(n − 1) · s / √n`` (Student 1908, Biometrika 6).

    Parameters
    ----------
    values
        Shape ``(n,)``, for example one accuracy per seed.
    """
    from scipy.special import stdtrit

    if not 0 < confidence < 1:
        raise SampleError(f"confidence is {confidence}, allowed is the open range 0 to 1, for example 0.95.")
    sample = finite_sample(values)
    mean = float(sample.mean())
    if sample.size == 1:
        return Interval(mean, None, None)
    standard_error = sample.std(ddof=1) / np.sqrt(sample.size)
    reach = float(stdtrit(sample.size - 1, (1 + confidence) / 2) * standard_error)
    return Interval(mean, mean - reach, mean + reach)


def wilson_interval(successes: float, trials: float) -> Interval:
    """Return a share and its 95 % Wilson score interval (Brown, Cai & DasGupta 2001, eq. 4).

    With share p, n trials and the normal quantile z:
    ``(p + z²/2n ± z √(p (1 − p)/n + z²/4n²)) / (1 + z²/n)``. scipy has it for whole counts only.

    Parameters
    ----------
    successes
        A fraction is allowed (a mean over seeds of counts of the same items).
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
    """Return the mean and its 95 % BCa bootstrap interval (Efron 1987, JASA 82), too narrow with few pairs."""
    sample = finite_sample(differences, name="differences")
    return bootstrap_intervals(sample[np.newaxis], rng, resamples)[0]


def bootstrap_intervals(
    differences: NDArray[np.float64], rng: np.random.Generator, resamples: int = 9_999
) -> list[Interval]:
    """Return the interval of each row, shape ``(m, n)``; all rows share their resamples."""
    if resamples < FEWEST_RESAMPLES:
        raise SampleError(f"resamples is {resamples}, at least {FEWEST_RESAMPLES} are needed.")
    means = [float(row.mean()) for row in differences]
    if differences.shape[1] == 1:
        return [Interval(mean, None, None) for mean in means]
    spread = np.ptp(differences, axis=1) > 0
    bounds = iter(_bca_bounds(differences[spread], rng, resamples) if spread.any() else [])
    # a mean of equal values may differ from them by rounding
    points = [[float(row[0])] * 3 for row in differences]
    return [
        Interval(mean, *next(bounds)) if spreads else Interval(*point)
        for mean, point, spreads in zip(means, points, spread, strict=True)
    ]


def _row_means(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return means that do not depend, in their last bit, on how many rows there are."""
    return np.asarray(np.ascontiguousarray(values).mean(axis=axis))


def _bca_bounds(
    differences: NDArray[np.float64], rng: np.random.Generator, resamples: int
) -> list[tuple[float, float]]:
    from scipy import stats

    # BCa's acceleration divides third by second moments, which underflow where differences are tiny.
    scale = np.abs(differences).max(axis=1, keepdims=True)
    scaled = differences / scale
    centre, spread = scaled.mean(axis=1, keepdims=True), scaled.std(axis=1, keepdims=True)
    bounds = stats.bootstrap(
        ((scaled - centre) / spread,),
        _row_means,
        n_resamples=resamples,
        # by the seeds alone: how the resamples are drawn must not depend on how many rows share them
        batch=max(1, _MOST_VALUES_AT_ONCE // differences.shape[1]),
        confidence_level=CONFIDENCE,
        method="BCa",
        vectorized=True,
        axis=-1,
        rng=rng,
    ).confidence_interval
    found = (((bound[:, np.newaxis] * spread + centre) * scale)[:, 0].tolist() for bound in (bounds.low, bounds.high))
    return list(zip(*found, strict=True))
