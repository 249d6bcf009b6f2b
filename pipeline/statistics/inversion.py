"""What belongs to the sign-flip test of one comparison: the interval of its mean, and the test of equivalence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.statistics.intervals import CONFIDENCE, Interval, mean_interval
from pipeline.statistics.samples import SampleError, finite_sample
from pipeline.statistics.sign_flips import RESAMPLES, self_normalised, share_as_far, sign_patterns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FEWEST_FOR_EQUIVALENCE = 6


@dataclass(frozen=True, slots=True)
class DifferenceInterval(Interval):
    """The mean of paired differences and its interval, and how that was found."""

    method: Literal["sign flips", "Student's t"]


def difference_interval(
    differences: ArrayLike, rng: np.random.Generator, confidence: float = CONFIDENCE, resamples: int = RESAMPLES
) -> DifferenceInterval:
    """Return the mean and the shifts that the two-sided sign-flip test does not reject at level ``1 − confidence``.

    No search is needed: shifted by c, the test counts the subsets of the differences whose mean is at most c, so the
    bound is the k-th smallest of the ``2ⁿ − 1`` means of subsets, ``k = ⌊(1 − confidence) / 2 · 2ⁿ⌋``
    (Hartigan 1969, JASA 64: "typical values"). The coverage is exactly ``1 − 2k / 2ⁿ`` where differences are symmetric.

    The interval is of this comparison alone, and not simultaneous for the family: it does not depend on what else was
    compared. `max_t` never calls a comparison beyond a margin that its interval reaches; the reverse may happen, and
    says that the evidence would do for one comparison but not for so many.

    Parameters
    ----------
    differences
        Shape ``(n,)``, n at least 1, finite: one paired difference per seed.
    rng
        Draws `resamples` random subsets where n is above 16; not used below.

    Returns
    -------
    DifferenceInterval
        In the unit of the differences. By Student's t where the grid is too coarse (``k < 1``: fewer than six pairs at
        95 %), which `method` says; without bounds for a single pair.
    """
    sample = finite_sample(differences, name="differences")
    if sample.size < 2:
        return _students(sample, confidence)
    flipped = sign_patterns(sample.size, rng, resamples) < 0
    counts = flipped.sum(axis=1)
    means = np.sort((flipped @ sample)[counts > 0] / counts[counts > 0])
    # the empty subset, the observed pattern, is always counted; 1e-9 keeps 0.05 / 2 · 40 at 1
    place = int(np.floor((1 - confidence) / 2 * len(counts) + 1e-9)) - int((counts == 0).sum()) + 1
    if place < 1 or not 0 < confidence < 1:
        return _students(sample, confidence)
    return DifferenceInterval(float(sample.mean()), float(means[place - 1]), float(means[-place]), "sign flips")


def _students(sample: NDArray[np.float64], confidence: float) -> DifferenceInterval:
    student = mean_interval(sample, confidence)
    return DifferenceInterval(student.estimate, student.low, student.high, "Student's t")


def equivalence_p(
    differences: ArrayLike, margin: float, rng: np.random.Generator, *, grain: float, resamples: int = RESAMPLES
) -> float | None:
    """Return the p of the hypothesis that the mean lies outside ±margin: small means "no meaningful difference".

    Two one-sided tests (Schuirmann 1987), by sign flips of the differences shifted to either margin; the larger p
    counts. At most ``alpha / 2`` is the same as: the `difference_interval` at ``1 − alpha`` lies within the margin.

    Differences that are all equal have no spread, but not because the measure is infinitely fine. The spread counts as
    at least its grain: p is never below Student's with a standard deviation of `grain`.

    Parameters
    ----------
    differences
        Shape ``(n,)``, finite.
    margin
        The largest difference that does not matter, positive, in the unit of the differences.
    grain
        The smallest step of the measure, positive, in the same unit: 1/10,000 for an accuracy on 10,000 images.

    Returns
    -------
    float or None
        None with fewer than six pairs: too few to show that two optimizers are alike.
    """
    from scipy import stats

    for name, value in (("margin", margin), ("grain", grain)):
        if not (np.isfinite(value) and value > 0):
            raise SampleError(f"{name} is {value}, a positive number is needed.")
    sample = finite_sample(differences, name="differences")
    if sample.size < FEWEST_FOR_EQUIVALENCE:
        return None
    signs = sign_patterns(sample.size, rng, resamples)
    both: NDArray[np.float64] = np.column_stack([margin - sample, margin + sample])
    distance = (margin - abs(sample.mean())) / (grain / np.sqrt(sample.size))
    return float(max(*share_as_far(self_normalised(signs, both)), stats.t.sf(distance, sample.size - 1)))
