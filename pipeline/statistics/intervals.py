"""How sure an estimate is: an interval around a mean, a share, or a mean of paired differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError, finite_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CONFIDENCE = 0.95


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
