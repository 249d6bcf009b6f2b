"""Two optimizers on the same seeds: one better, both alike, or too few seeds to tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.statistics.intervals import Interval
from pipeline.statistics.inversion import FEWEST_FOR_EQUIVALENCE, difference_interval
from pipeline.statistics.samples import SampleError, finite_sample
from pipeline.statistics.sign_flips import MOST_PAIRS_ENUMERATED, RESAMPLES, share_as_far, sign_patterns, tying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

Conclusion = Literal["better", "worse", "no meaningful difference", "inconclusive"]

ALPHA = 0.05
_MOST_SIGNS_AT_ONCE, _MOST_PATTERNS_AT_ONCE = 2**21, 2**13
# of an interval above 16 pairs; fewer where there are so many pairs that they would take too much memory
_RESAMPLES_OF_AN_INTERVAL, _FEWEST_RESAMPLES, _MOST_SIGNS_OF_AN_INTERVAL = 9_999, 999, 2**23
# 0.81 − 0.80 and 0.82 − 0.81 are equal but for rounding
_NO_SPREAD = 1e-9


def sign_flip_test(differences: ArrayLike, rng: np.random.Generator, resamples: int = RESAMPLES) -> float:
    """Return the two-sided p of the sign-flip permutation test that the mean difference is zero.

    If two optimizers were interchangeable, each pair's difference would be as likely as its negative.
    The p is the share of the 2ⁿ sign patterns whose mean is at least as far from zero as the observed one
    (Fisher 1935, The Design of Experiments, section 21). Random patterns count the observed one
    (Phipson & Smyth 2010, SAGMB 9).

    Parameters
    ----------
    differences
        Shape ``(n,)``, n at least 2: one paired difference per seed.
    rng
        Draws `resamples` sign patterns where n is above 16; not used below, where all patterns are counted.
    """
    sample = finite_sample(differences, name="differences", at_least=2)
    return float(_sign_flip_tests(sample[np.newaxis], rng, resamples)[0])


def _sign_flip_tests(
    differences: NDArray[np.float64], rng: np.random.Generator, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Return a p per row, shape ``(m,)`` for ``(m, n)``; all rows share their sign patterns."""
    largest = np.abs(differences).max(axis=1, keepdims=True)
    scaled = differences / np.where(largest > 0, largest, 1.0)
    pairs = scaled.shape[1]
    if pairs > MOST_PAIRS_ENUMERATED:
        observed = np.abs(tying(scaled.mean(axis=1)))
        return (_random_flips(scaled.T, observed, rng, resamples) + 1) / (resamples + 1)
    # half of all: a pattern and its negative are equally far from zero
    half = sign_patterns(pairs, rng)[: 2 ** (pairs - 1)]
    return share_as_far(np.abs(half @ scaled.T) / pairs)


def _random_flips(
    scaled: NDArray[np.float64], observed: NDArray[np.float64], rng: np.random.Generator, resamples: int
) -> NDArray[np.int64]:
    """Count the random patterns with a mean at least as far from zero as `observed`, for each column of `scaled`."""
    pairs, total = len(scaled), scaled.sum(axis=0)
    at_once = min(_MOST_PATTERNS_AT_ONCE, max(1, _MOST_SIGNS_AT_ONCE // pairs))
    count = np.zeros(scaled.shape[1], dtype=np.int64)
    for start in range(0, resamples, at_once):
        patterns, width = min(at_once, resamples - start), math.ceil(pairs / 8)
        bits = np.frombuffer(rng.bytes(patterns * width), dtype=np.uint8).reshape(patterns, width)
        negative = np.unpackbits(bits, axis=1, count=pairs).astype(np.float64)
        means = (total - 2 * (negative @ scaled)) / pairs
        count += (np.abs(tying(means)) >= observed).sum(axis=0)
    return count


def smallest_p(pairs: int) -> float:
    """Return the smallest two-sided p that a sign-flip test of `pairs` differences can have: ``2 / 2ⁿ``, or 1e-5."""
    fewest = 0.0 if pairs <= MOST_PAIRS_ENUMERATED else 1 / (RESAMPLES + 1)
    return float(min(1.0, max(fewest, 2.0 ** (1 - pairs))))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return the p-values corrected for their number by Holm's step-down method (1979, Scand. J. Statistics 6).

    Rejecting those at most α keeps the chance of any false rejection at most α, however the tests depend on each other.

    Parameters
    ----------
    p_values
        Shape ``(m,)``, the whole family; may be empty.
    """
    family = finite_sample(p_values, name="p_values", at_least=0)
    if family.size and not 0 <= family.min() <= family.max() <= 1:
        raise SampleError(f"p_values range from {family.min()} to {family.max()}, allowed is 0 to 1.")
    order = np.argsort(family)
    corrected = np.empty_like(family)
    corrected[order] = np.maximum.accumulate(family[order] * np.arange(family.size, 0, -1))
    return np.minimum(corrected, 1.0)


def holm_of_tested(comparisons: Sequence[Compared | None]) -> list[float | None]:
    """Return Holm's p of each comparison; the tested ones are the family, and None stands for those not tested."""
    corrected = iter(holm([found.p for found in comparisons if found is not None]).tolist())
    return [None if found is None else next(corrected) for found in comparisons]


def probability_of_improvement(a: ArrayLike, b: ArrayLike, *, higher_is_better: bool = True) -> float:
    """Return how likely any run of `a` beats any of `b`, ties half: Mann-Whitney's U / nm (Agarwal et al. 2021)."""
    first, second = finite_sample(a, name="a"), finite_sample(b, name="b")
    sorted_second, couples = np.sort(second), first.size * second.size
    below, up_to = (int(np.searchsorted(sorted_second, first, side).sum()) for side in ("left", "right"))
    ahead = below if higher_is_better else couples - up_to
    return ahead / couples + 0.5 * ((up_to - below) / couples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the runs of `a` say against those of `b`."""

    mean_a: float  # like `mean_b` and `margin` in the metric's unit
    mean_b: float
    interval: Interval  # of the mean of a − b, at 95 %
    p: float  # two-sided, not yet corrected for the family: that a − b lies within the margin, or is 0 without one
    probability_of_improvement: float
    margin: float | None  # the largest difference that does not matter; None where none was stated
    higher_is_better: bool
    few: bool  # whether there are too few runs to call the two alike

    @property
    def difference(self) -> float:
        """The mean of a − b."""
        return self.interval.estimate

    @property
    def within_margin(self) -> bool:
        """Whether the interval lies inside ±margin; of fewer than six runs it says too little."""
        low, high = self.interval.low, self.interval.high
        if self.few or self.margin is None or low is None or high is None:
            return False
        return -self.margin < low and high < self.margin

    def conclusion(self, corrected_p: float, alpha: float = ALPHA) -> Conclusion:
        """Return what may be said of `a` once p is corrected for the family; "better" is beyond the margin."""
        if not self.p <= corrected_p <= 1:
            raise SampleError(f"the corrected p is {corrected_p}, allowed is {self.p} (the raw p) to 1.")
        if self.within_margin:
            return "no meaningful difference"
        if corrected_p > alpha:
            return "inconclusive"
        return "better" if (self.difference > 0) == self.higher_is_better else "worse"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedComparison(Compared):
    """What the shared seeds say about `a` against `b`: a sign-flip test, and the interval that belongs to it."""

    pairs: int


def compare(
    a: ArrayLike,
    b: ArrayLike,
    margin: float | None,
    rng: np.random.Generator,
    *,
    higher_is_better: bool = True,
) -> PairedComparison:
    """Compare two optimizers over the same seeds.

    Parameters
    ----------
    a, b
        Shape ``(n,)`` each, n at least 2: scores of the same seeds in the same order.
    margin
        The largest difference that does not matter, in the unit of the scores; None asks for any difference, and
        leaves the answer "no meaningful difference" out.
    rng
        Draws sign patterns above 16 pairs; not used below.
    """
    first, second = (finite_sample(scores, name=name, at_least=2) for name, scores in (("a", a), ("b", b)))
    if first.size != second.size:
        raise SampleError(f"a holds {first.size} scores and b {second.size}: pairs need the same seeds in both.")
    both = first[np.newaxis], second[np.newaxis]
    return compare_each(*both, margin, rng, higher_is_better=higher_is_better)[0]


def compare_each(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    margin: float | None,
    rng: np.random.Generator,
    *,
    higher_is_better: bool = True,
) -> list[PairedComparison]:
    """Compare many couples of optimizers at once, each as `compare` does with the same generator.

    Parameters
    ----------
    a, b
        Shape ``(m, n)`` each, finite, n at least 2: a row per couple, the same seeds in the same order. All rows share
        the sign patterns, which take memory for each row: give some dozen at once.
    """
    check_margin(margin)
    differences = a - b
    p_values = _beyond(differences, margin or 0.0, rng)
    seed = int(rng.integers(2**63))  # so that no row's interval depends on the others
    resamples = max(_FEWEST_RESAMPLES, min(_RESAMPLES_OF_AN_INTERVAL, _MOST_SIGNS_OF_AN_INTERVAL // a.shape[1]))
    return [
        PairedComparison(
            pairs=row.size,
            few=row.size < FEWEST_FOR_EQUIVALENCE,
            mean_a=float(first.mean()),
            mean_b=float(second.mean()),
            interval=_interval(row, np.random.default_rng(seed), resamples),
            p=float(p),
            probability_of_improvement=probability_of_improvement(first, second, higher_is_better=higher_is_better),
            margin=margin,
            higher_is_better=higher_is_better,
        )
        for first, second, row, p in zip(a, b, differences, p_values, strict=True)
    ]


def _beyond(differences: NDArray[np.float64], margin: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return for each row the p of the hypothesis that its mean lies within ±margin, each side at half the level.

    The sign-flip test of the differences shifted by the margin, as `pipeline.statistics.families.max_t` does it.
    """
    means = differences.mean(axis=1, keepdims=True)
    shifted = np.sign(means) * differences - margin
    return np.where(np.abs(means[:, 0]) > margin, _sign_flip_tests(shifted, rng), 1.0)


def _interval(differences: NDArray[np.float64], rng: np.random.Generator, resamples: int) -> Interval:
    found = difference_interval(differences, rng, resamples=resamples)
    return unknown_if_without_spread(found, differences, smallest_p(differences.size))


def check_margin(margin: float | None) -> None:
    """Raise a `SampleError` if the margin is not a positive number."""
    if margin is not None and not (np.isfinite(margin) and margin > 0):
        raise SampleError(f"margin is {margin}, a positive number is needed.")


def unknown_if_without_spread(interval: Interval, values: NDArray[np.float64], smallest: float) -> Interval:
    """Return an interval without bounds if all values are equal, and too few for a test: their spread is unknown.

    Two equal differences would make an interval of a single point. The range of n values holds their median with a
    probability of at least ``1 − 2/2ⁿ``, so that from six on (`smallest` p at most 5 %) the point is an answer.
    """
    if smallest <= ALPHA or np.ptp(values) > _NO_SPREAD * np.abs(values).max():
        return interval
    return Interval(interval.estimate, None, None)
