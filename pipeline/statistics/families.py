"""A family of paired comparisons tested together: Westfall and Young's step-down max-T by joint sign flips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError
from pipeline.statistics.sign_flips import RESAMPLES, self_normalised, share_as_far, sign_patterns

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FamilyTest:
    """What the joint test says of each of m comparisons; every array has shape ``(m,)``."""

    pairs: NDArray[np.int64]  # seeds that the comparison has
    margin: float  # in the unit of the differences; 0 asks for any difference
    alone: Vector  # two-sided p of the comparison alone, as if it were the only one
    corrected: Vector  # two-sided p corrected for the family, never below `alone`
    side: NDArray[np.int64]  # where it lies farther out: 1 above the margin, −1 below the negative margin, 0 neither

    def above(self, alpha: float = 0.05) -> NDArray[np.bool_]:
        """Return which means are larger than the margin, at level `alpha` for the whole family."""
        return (self.corrected <= alpha) & (self.side > 0)

    def below(self, alpha: float = 0.05) -> NDArray[np.bool_]:
        """Return which means are smaller than the negative margin, at level `alpha` for the whole family."""
        return (self.corrected <= alpha) & (self.side < 0)


def max_t(
    differences: ArrayLike, rng: np.random.Generator, *, margin: float = 0.0, resamples: int = RESAMPLES
) -> FamilyTest:
    r"""Test a family of paired comparisons, each against a margin on both sides.

    The hypothesis on comparison j is that its mean difference lies within ±margin. Under it, shifted by the margin, a
    seed's differences are as likely as their negatives; *one* sign per seed flips all comparisons at once, which keeps
    the dependence between them (they share a baseline). With the shifted differences
    :math:`x_{ij} = d_{ij} - \text{margin}` and their twins on the other side :math:`-d_{ij} - \text{margin}`, the
    statistic is

    .. math::
        T_j(s) = \max_{\text{both sides}} \sum_i s_i x_{ij} \Big/ \sqrt{\textstyle\sum_i x_{ij}^2}

    A sign flip leaves the sum of squares as it is, so for comparisons with the same number of seeds this orders
    patterns exactly as Student's t does (:math:`t = T \sqrt{(n - 1) / (n - T^2)}`), without dividing by zero where all
    seeds agree. Step-down: the largest T is compared with the maximum over all comparisons, the next with the maximum
    over those that are left, and so on; a corrected p is never below the one before it.

    Why so: a plain mean would let the noisiest comparison decide for all (recorded spreads differ fourfold); smallest
    p-values instead of largest T would tie, for all of them are multiples of 2/2ⁿ (Ge, Dudoit & Speed 2003). Holm's
    method multiplies this floor by the number of comparisons: with 8 seeds and 9 comparisons it can find
    nothing. Here the floor is 2/2ⁿ for the whole family.

    The chance of any false rejection is at most `alpha` where differences are symmetric (Romano & Wolf 2005:
    maxima over fewer comparisons are never larger). With a margin the two sides are not each other's mirror image; no p
    is therefore below twice the one-sided p of its own side, which also means: a comparison beyond the margin here has
    its `difference_interval` at ``1 − alpha`` beyond the margin as well.

    Parameters
    ----------
    differences
        Shape ``(n, m)``: seeds in rows, comparisons in columns, m at least 1, in any unit, higher is better (negate a
        loss). NaN stands for a seed that the comparison lacks; each needs at least 2. A comparison with fewer seeds
        than others has a T of at most √n: it is found later, and harms no other. A diverged run is not missing:
        see `counted_as_worst`.
    rng
        Draws `resamples` sign patterns where n is above 16; not used below, where all 2ⁿ are counted.
    margin
        The largest difference that does not matter, in the unit of the differences; 0 tests for any difference.

    Raises
    ------
    SampleError
        Where the array is not a table, a difference is infinite, or a comparison has fewer than two seeds.

    References
    ----------
    Westfall & Young 1993, Resampling-Based Multiple Testing · Ge, Dudoit & Speed 2003, Test 12, box 2 ·
    Romano & Wolf 2005, JASA 100
    """
    table = _table(differences)
    if not (np.isfinite(margin) and margin >= 0):
        raise SampleError(f"margin is {margin}, a number of at least 0 is needed.")
    signs = sign_patterns(len(table), rng, resamples)
    above, below = self_normalised(signs, table - margin), self_normalised(signs, -table - margin)
    alone = np.minimum(1.0, 2.0 * np.minimum(share_as_far(above), share_as_far(below)))
    return FamilyTest(
        pairs=np.isfinite(table).sum(axis=0),
        margin=margin,
        alone=alone,
        corrected=_stepped_down(np.maximum(above, below), alone),
        side=np.sign(np.round(above[0] - below[0], 10)).astype(np.int64),
    )


def _table(differences: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(differences, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 1:
        raise SampleError(f"differences have shape {table.shape}, a table of seeds × comparisons is needed.")
    endless = np.argwhere(np.isinf(table))
    if endless.size:
        seed, comparison = endless[0]
        raise SampleError(f"differences[{seed}, {comparison}] is infinite: count a diverged run as the worst score.")
    pairs = np.isfinite(table).sum(axis=0)
    short = np.flatnonzero(pairs < 2)
    if short.size:
        raise SampleError(f"comparison {short[0]} has {pairs[short[0]]} seeds, at least 2 are needed: leave it out.")
    return table


def _stepped_down(reach: NDArray[np.float64], alone: Vector) -> Vector:
    """Return the corrected p of each comparison; `reach` is T, shape ``(patterns, m)``, the observed one first."""
    order = np.argsort(-reach[0], kind="stable")
    # column k: the maximum over the comparisons from the k-th largest observed T on
    maxima = np.maximum.accumulate(reach[:, order[::-1]], axis=1)[:, ::-1]
    corrected = np.empty_like(alone)
    corrected[order] = np.maximum.accumulate(np.maximum(share_as_far(maxima), alone[order]))
    return corrected
