"""Many optimizers at once: mean ranks, whether they differ at all, and how far apart ranks must lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class FriedmanTest:
    """Whether several optimizers rank alike.

    Attributes
    ----------
    statistic
        Friedman's χ² with its correction for ties, ``optimizers − 1`` degrees of freedom.
    p
        Of the hypothesis that all optimizers rank alike.
    blocks, optimizers
        The shape of the table that was ranked.
    """

    statistic: float
    p: float
    blocks: int
    optimizers: int


def ranks(scores: ArrayLike, *, higher_is_better: bool = True) -> NDArray[np.float64]:
    """Return the rank of every optimizer within every block; 1 is best, ties share their mean rank.

    Parameters
    ----------
    scores
        Shape ``(blocks, optimizers)``; a block is one problem with one seed. A diverged run may be given as
        the worst infinity: it then ranks last.
    higher_is_better
        False for a loss.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(blocks, optimizers)``.

    Raises
    ------
    SampleError
        Where `scores` are not a table of at least one block and two optimizers, or hold NaN.
    """
    from scipy import stats

    table = _score_table(scores)
    ranked: NDArray[np.float64] = stats.rankdata(-table if higher_is_better else table, axis=1)
    return ranked


def _score_table(scores: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        raise SampleError(
            f"scores have shape {table.shape}, a table of at least one block and two optimizers is needed."
        )
    missing = np.argwhere(np.isnan(table))
    if missing.size:
        raise SampleError(
            f"scores[{missing[0][0]}, {missing[0][1]}] is nan: leave the block out, "
            "or give a diverged run the worst infinity."
        )
    return table


def mean_ranks(scores: ArrayLike, *, higher_is_better: bool = True) -> NDArray[np.float64]:
    """Return the mean rank of every optimizer over all blocks (problems × seeds); 1 is best.

    Parameters
    ----------
    scores
        Shape ``(blocks, optimizers)``, as in `ranks`.
    higher_is_better
        False for a loss.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(optimizers,)``; sums to ``k (k + 1) / 2``.

    Raises
    ------
    SampleError
        As in `ranks`.

    Examples
    --------
    >>> mean_ranks([[0.9, 0.8, 0.7], [0.9, 0.6, 0.6]]).tolist()
    [1.0, 2.25, 2.75]
    """
    mean: NDArray[np.float64] = ranks(scores, higher_is_better=higher_is_better).mean(axis=0)
    return mean


def friedman_test(scores: ArrayLike) -> FriedmanTest:
    """Test whether all optimizers rank alike over the blocks.

    Seeds as blocks are repetitions on the same problem: the answer holds for these problems only, and a
    small p says nothing of others (Demšar's blocks are independent data sets).

    Parameters
    ----------
    scores
        Shape ``(blocks, optimizers)``, at least two blocks and three optimizers; as in `ranks`.

    Raises
    ------
    SampleError
        As in `ranks`, where the table is too small, and where every block is one single tie: χ² is then 0/0.

    References
    ----------
    Friedman (1937), JASA 32; Demšar (2006), "Statistical comparisons of classifiers over multiple data
    sets", JMLR 7, section 3.2.2.
    """
    from scipy import stats

    table = ranks(scores)
    blocks, optimizers = table.shape
    if blocks < 2 or optimizers < 3:
        raise SampleError(f"scores have shape {table.shape}, the Friedman test needs two blocks and three optimizers.")
    if np.ptp(table) == 0:
        raise SampleError("all optimizers tie in every block: there is nothing that a Friedman test could rank.")
    result = stats.friedmanchisquare(*table.T)
    return FriedmanTest(float(result.statistic), float(result.pvalue), blocks, optimizers)


def critical_difference(optimizers: int, blocks: int, alpha: float = 0.05) -> float:
    """Return how far apart two mean ranks must lie to differ by the Nemenyi test.

    ``CD = q(α, k) · √(k (k + 1) / (6 N))``, where q is the studentized range at infinite degrees of freedom
    over √2.

    Parameters
    ----------
    optimizers
        k, at least 2.
    blocks
        N, at least 1.
    alpha
        The chance of any false difference among all k (k − 1) / 2 pairs.

    Raises
    ------
    SampleError
        Where an argument is out of range.

    References
    ----------
    Nemenyi (1963), thesis, Princeton; Demšar (2006), JMLR 7, section 3.2.2 and table 5(a).

    Examples
    --------
    >>> round(critical_difference(4, 14), 2)
    1.25
    """
    from scipy import stats

    if optimizers < 2 or blocks < 1:
        raise SampleError(f"{optimizers} optimizers and {blocks} blocks given, at least 2 and 1 are needed.")
    if not 0 < alpha < 1:
        raise SampleError(f"alpha is {alpha}, allowed is the open range 0 to 1.")
    q = float(stats.studentized_range.ppf(1 - alpha, optimizers, np.inf)) / np.sqrt(2)
    return float(q * np.sqrt(optimizers * (optimizers + 1) / (6 * blocks)))
