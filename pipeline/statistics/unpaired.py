"""Two optimizers whose runs share no seeds: an exact permutation test where there are few, else Welch's t test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.statistics.intervals import CONFIDENCE, Interval
from pipeline.statistics.inversion import FEWEST_FOR_EQUIVALENCE
from pipeline.statistics.paired import ALPHA, Compared, check_margin, probability_of_improvement
from pipeline.statistics.samples import finite_sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

Test = Literal["exact permutation test", "Welch's t test"]

MOST_SPLITS_ENUMERATED = 200_000
_TIE_DECIMALS = 10
_NO_SPREAD = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpairedComparison(Compared):
    """What independent runs say about `a` against `b`: the interval is Welch's."""

    runs_a: int
    runs_b: int
    test: Test


def compare_unpaired(
    a: ArrayLike, b: ArrayLike, margin: float | None, *, higher_is_better: bool = True
) -> UnpairedComparison:
    """Compare two optimizers over independent runs.

    Parameters
    ----------
    a, b
        Shapes ``(n,)`` and ``(m,)``, at least 2 each.
    margin
        As of `pipeline.statistics.paired.compare`.
    """
    first, second = (finite_sample(scores, name=name, at_least=2) for name, scores in (("a", a), ("b", b)))
    check_margin(margin)
    exact = math.comb(first.size + second.size, first.size) <= MOST_SPLITS_ENUMERATED
    return UnpairedComparison(
        runs_a=first.size,
        runs_b=second.size,
        few=min(first.size, second.size) < FEWEST_FOR_EQUIVALENCE,
        mean_a=float(first.mean()),
        mean_b=float(second.mean()),
        interval=welch_interval(first, second),
        p=_beyond(first, second, margin or 0.0, permutation_test if exact else welch_test),
        probability_of_improvement=probability_of_improvement(first, second, higher_is_better=higher_is_better),
        margin=margin,
        higher_is_better=higher_is_better,
        test="exact permutation test" if exact else "Welch's t test",
    )


def _beyond(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    margin: float,
    test: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
) -> float:
    """Return the p of the hypothesis that the means differ by no more than the margin, each side at half the level."""
    gap = float(a.mean() - b.mean())
    return test(a - math.copysign(margin, gap), b) if abs(gap) > margin else 1.0


def permutation_test(a: ArrayLike, b: ArrayLike) -> float:
    """Return the two-sided p that both have the same mean: the share of all splits whose means differ as much.

    If two optimizers were interchangeable, any n of the n + m runs could have been those of `a`
    (Fisher 1935; Pitman 1937, JRSS Supplement 4). All splits are counted: keep them at most 200,000.
    """
    first, second = finite_sample(a, name="a", at_least=2), finite_sample(b, name="b", at_least=2)
    pooled = np.concatenate([first, second])
    scaled = pooled - pooled.mean()
    scaled /= np.abs(scaled).max() or 1.0
    # the sum of both parts is always the same, so that of one says how far apart the means are
    parts = _splits(first.size, second.size) @ scaled
    gaps = np.abs(np.round(parts / first.size - (scaled.sum() - parts) / second.size, _TIE_DECIMALS))
    observed = abs(round(float(scaled[: first.size].mean() - scaled[first.size :].mean()), _TIE_DECIMALS))
    return float((gaps >= observed).mean())


@lru_cache(maxsize=4)
def _splits(n: int, m: int) -> NDArray[np.float64]:
    """Return every choice of n out of n + m as ones in a row, shape ``(splits, n + m)``."""
    chosen = np.fromiter(chain.from_iterable(combinations(range(n + m), n)), dtype=np.intp).reshape(-1, n)
    ones = np.zeros((len(chosen), n + m))
    np.put_along_axis(ones, chosen, 1.0, axis=1)
    return ones


def smallest_p(n: int, m: int) -> float:
    """Return the smallest p that n and m runs can have."""
    splits = math.comb(n + m, n)
    # with as many runs on both sides, a split and its mirror image are equally far apart
    return (2 if n == m else 1) / splits if splits <= MOST_SPLITS_ENUMERATED else 0.0


def welch_test(a: ArrayLike, b: ArrayLike) -> float:
    """Return the two-sided p of Welch's t test (1947, Biometrika 34) that both have the same mean."""
    from scipy.special import stdtr

    first, second = finite_sample(a, name="a", at_least=2), finite_sample(b, name="b", at_least=2)
    error, freedom = _welch(first, second)
    difference = first.mean() - second.mean()
    if error == 0:
        return 1.0 if difference == 0 else 2 / math.comb(first.size + second.size, first.size)
    return float(2 * stdtr(freedom, -abs(difference) / error))


def prediction_test(new: ArrayLike, known: ArrayLike) -> float:
    """Return the two-sided p that `new`, one value or more, are further values of the sample `known` (Student's t).

    The spread is that of `known` alone, so that a single new value can be judged.
    """
    from scipy.special import stdtr

    first, second = finite_sample(new, name="new", at_least=1), finite_sample(known, name="known", at_least=2)
    difference = float(first.mean() - second.mean())
    error = float(second.std(ddof=1)) * math.sqrt(1 / first.size + 1 / second.size)
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * stdtr(second.size - 1, -abs(difference) / error))


def welch_interval(a: ArrayLike, b: ArrayLike, confidence: float = CONFIDENCE) -> Interval:
    """Return the difference of the means and Welch's interval; no bounds where few runs show no spread at all."""
    from scipy.special import stdtrit

    first, second = finite_sample(a, name="a", at_least=2), finite_sample(b, name="b", at_least=2)
    difference = float(first.mean() - second.mean())
    error, freedom = _welch(first, second)
    if error == 0:
        known = smallest_p(first.size, second.size) <= ALPHA
        return Interval(difference, *([difference] * 2 if known else [None] * 2))
    reach = float(stdtrit(freedom, (1 + confidence) / 2) * error)
    return Interval(difference, difference - reach, difference + reach)


def _welch(first: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[float, float]:
    """Return the standard error of the difference, 0 where neither sample has a spread, and its degrees of freedom."""
    size = max(np.abs(first).max(), np.abs(second).max())
    if max(np.ptp(first), np.ptp(second)) <= _NO_SPREAD * size:
        return 0.0, 1.0
    # in units of their size, so that no square is too small
    parts = [float((sample / size).var(ddof=1)) / sample.size for sample in (first, second)]
    total = sum(parts)
    freedom = total**2 / sum(part**2 / (sample.size - 1) for part, sample in zip(parts, (first, second), strict=True))
    return float(size * math.sqrt(total)), float(freedom)
