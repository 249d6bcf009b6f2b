"""Two optimizers on the same seeds: one better, both alike, or too few seeds to tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.statistics.intervals import Interval, bootstrap_interval, mean_interval
from pipeline.statistics.samples import SampleError, finite_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

Conclusion = Literal["better", "worse", "no meaningful difference", "inconclusive"]

ALPHA = 0.05
MOST_PAIRS_ENUMERATED = 16
# Accuracies are multiples of 1/10,000: many sign patterns tie, and so must their means in floating point.
_TIE_DECIMALS = 10


def sign_flip_test(differences: ArrayLike, rng: np.random.Generator, resamples: int = 99_999) -> float:
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
    scaled = sample / (np.abs(sample).max() or 1.0)
    if sample.size > MOST_PAIRS_ENUMERATED:
        return _random_flips(scaled, rng, resamples)
    as_far = np.abs(_tying(_sign_patterns(sample.size) @ scaled / sample.size)) >= np.abs(_tying(scaled.mean()))
    return float(as_far.mean())


@cache
def _sign_patterns(pairs: int) -> NDArray[np.float64]:
    """Return half of all sign patterns, shape ``(2ⁿ⁻¹, n)``: a pattern and its negative are equally far from zero."""
    return np.array([(1.0, *rest) for rest in product((1.0, -1.0), repeat=pairs - 1)])


def _random_flips(scaled: NDArray[np.float64], rng: np.random.Generator, resamples: int) -> float:
    from scipy import stats

    result = stats.permutation_test(
        (scaled,),
        lambda values, axis: _tying(np.mean(values, axis=axis)),
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=4096,
        rng=rng,
    )
    return float(result.pvalue)


def _tying(means: ArrayLike) -> NDArray[np.float64]:
    return np.round(np.asarray(means), _TIE_DECIMALS)


def smallest_p(pairs: int) -> float:
    """Return the smallest two-sided p that a sign-flip test of `pairs` differences can have, ``2 / 2ⁿ``."""
    return float(min(1.0, 2.0 ** (1 - pairs)))


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


def holm_of_tested(comparisons: Sequence[PairedComparison | None]) -> list[float | None]:
    """Return Holm's p of each comparison; the tested ones are the family, and None stands for those not tested."""
    corrected = iter(holm([found.p for found in comparisons if found is not None]).tolist())
    return [None if found is None else next(corrected) for found in comparisons]


def equivalence_interval(differences: ArrayLike, alpha: float = ALPHA) -> Interval:
    """Return the Student t interval at ``1 − 2α``: inside ±margin, the two differ by no more (Schuirmann 1987)."""
    return mean_interval(finite_sample(differences, name="differences", at_least=2), 1 - 2 * alpha)


def probability_of_improvement(a: ArrayLike, b: ArrayLike, *, higher_is_better: bool = True) -> float:
    """Return how likely any run of `a` beats any of `b`, ties half: Mann-Whitney's U / nm (Agarwal et al. 2021)."""
    first, second = finite_sample(a, name="a"), finite_sample(b, name="b")
    gaps = first[:, None] - second[None, :]
    ahead = gaps > 0 if higher_is_better else gaps < 0
    return float(ahead.mean() + 0.5 * (gaps == 0).mean())


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """What the shared seeds say about `a` against `b`."""

    pairs: int
    mean_a: float  # like `mean_b` and `margin` in the metric's unit
    mean_b: float
    interval: Interval  # of the mean of a − b: 95 % BCa bootstrap
    equivalence: Interval  # of the same mean, held against the margin: Student t, 90 % at a level of 5 %
    p: float  # two-sided sign-flip, not yet corrected for the family
    probability_of_improvement: float
    margin: float | None  # the largest difference that does not matter; None where none was stated
    higher_is_better: bool

    @property
    def difference(self) -> float:
        """The mean of a − b."""
        return self.interval.estimate

    @property
    def within_margin(self) -> bool:
        """Whether the `equivalence` interval lies inside ±margin."""
        low, high = self.equivalence.low, self.equivalence.high
        if self.margin is None or low is None or high is None:
            return False
        return -self.margin < low and high < self.margin

    def conclusion(self, corrected_p: float, alpha: float = ALPHA) -> Conclusion:
        """Return what may be said of `a` once p is corrected for the family; the margin comes first (Lakens 2017)."""
        if not self.p <= corrected_p <= 1:
            raise SampleError(f"the corrected p is {corrected_p}, allowed is {self.p} (the raw p) to 1.")
        if self.within_margin:
            return "no meaningful difference"
        if corrected_p > alpha:
            return "inconclusive"
        return "better" if (self.difference > 0) == self.higher_is_better else "worse"


def compare(
    a: ArrayLike,
    b: ArrayLike,
    margin: float | None,
    rng: np.random.Generator,
    *,
    higher_is_better: bool = True,
    alpha: float = ALPHA,
) -> PairedComparison:
    """Compare two optimizers over the same seeds.

    Parameters
    ----------
    a, b
        Shape ``(n,)`` each, n at least 2: scores of the same seeds in the same order.
    margin
        The largest difference that does not matter, in the unit of the scores; None leaves the answer
        "no meaningful difference" out.
    rng
        For the bootstrap interval, and for the test above 16 pairs.
    alpha
        The level at which the margin is tested.
    """
    first, second = (finite_sample(scores, name=name, at_least=2) for name, scores in (("a", a), ("b", b)))
    if first.size != second.size:
        raise SampleError(f"a holds {first.size} scores and b {second.size}: pairs need the same seeds in both.")
    if margin is not None and not (np.isfinite(margin) and margin > 0):
        raise SampleError(f"margin is {margin}, a positive number is needed.")
    differences = first - second
    return PairedComparison(
        pairs=differences.size,
        mean_a=float(first.mean()),
        mean_b=float(second.mean()),
        interval=bootstrap_interval(differences, rng),
        # of Student's t: the bootstrap interval is too narrow at ten pairs
        equivalence=equivalence_interval(differences, alpha),
        p=sign_flip_test(differences, rng),
        probability_of_improvement=probability_of_improvement(first, second, higher_is_better=higher_is_better),
        margin=margin,
        higher_is_better=higher_is_better,
    )
