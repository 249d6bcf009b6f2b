"""The sign patterns that tests and intervals of paired differences are counted over, and the p of one comparison."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MOST_PAIRS_ENUMERATED = 16
FEWEST_RESAMPLES = 999
RESAMPLES = 99_999
# Accuracies are multiples of 1/10,000: many sign patterns tie, and so must their sums in floating point.
_TIE_DECIMALS = 10


def sign_patterns(pairs: int, rng: np.random.Generator, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Return sign patterns, all of them for up to 16 pairs, the observed one (all +1) first.

    Parameters
    ----------
    pairs
        n, at least 2.
    rng
        Draws `resamples` random patterns where n is above 16; not used below. The observed pattern counts among them,
        so that no p is ever zero (Phipson & Smyth 2010, SAGMB 9).

    Returns
    -------
    NDArray
        Shape ``(2ⁿ, n)`` or ``(resamples + 1, n)``, float64, +1 or −1; not to be written to.
    """
    if pairs < 2:
        raise SampleError(f"{pairs} pairs given, at least 2 needed.")
    if pairs <= MOST_PAIRS_ENUMERATED:
        return _all_patterns(pairs)
    if resamples < FEWEST_RESAMPLES:
        raise SampleError(f"resamples is {resamples}, at least {FEWEST_RESAMPLES} are needed.")
    random = rng.integers(0, 2, size=(resamples, pairs), dtype=np.int8)
    return 1.0 - 2.0 * np.vstack([np.zeros((1, pairs), dtype=np.int8), random])


@cache
def _all_patterns(pairs: int) -> NDArray[np.float64]:
    flipped = np.arange(2**pairs)[:, None] >> np.arange(pairs) & 1
    patterns = np.where(flipped, -1.0, 1.0)
    patterns.flags.writeable = False
    return patterns


def share_as_far(values: ArrayLike) -> NDArray[np.float64]:
    """Return the one-sided p of each column: the share of its entries at least as large as the first, ties included.

    Parameters
    ----------
    values
        Shape ``(patterns, …)``: a statistic of the order of 1 under each sign pattern, the observed one first.
    """
    rounded = tying(values)
    share: NDArray[np.float64] = (rounded >= rounded[0]).mean(axis=0)
    return share


def tying(values: ArrayLike) -> NDArray[np.float64]:
    """Return values of the order of 1 so that those tie which differ by rounding in floating point only."""
    return np.asarray(values, dtype=np.float64).round(_TIE_DECIMALS)


def self_normalised(signs: NDArray[np.float64], differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``Σ sᵢ dᵢ / √Σ dᵢ²`` for every sign pattern: mean 0, variance 1, in the order of Student's t.

    Parameters
    ----------
    signs
        Shape ``(patterns, n)``.
    differences
        Shape ``(n,)`` or ``(n, m)``; NaN where a pair is missing, which then counts for nothing.
    """
    present = np.nan_to_num(differences)
    largest = np.abs(present).max(axis=0)
    # scaled first: squares of tiny differences would underflow
    scaled = present / np.where(largest > 0, largest, 1.0)
    norm = np.sqrt((scaled**2).sum(axis=0))
    sums: NDArray[np.float64] = signs @ (scaled / np.where(norm > 0, norm, 1.0))
    return sums
