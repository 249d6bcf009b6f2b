"""Which optimizers rank first over many blocks (problems or seeds), and how far apart ranks must lie to differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.statistics.samples import SampleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

FEWEST_BLOCKS = 2
FEWEST_OPTIMIZERS = 3


class FriedmanTest(NamedTuple):
    """Friedman's χ², corrected for ties, and the p of the hypothesis that all optimizers rank alike."""

    statistic: float
    p: float


class MeanRanks(NamedTuple):
    """Optimizers ranked over blocks (problems or seeds)."""

    ranks: dict[str, float]  # optimizer to mean rank, 1 is best, the best first
    blocks: int
    critical_difference: float  # Nemenyi's: how far apart two ranks must lie to differ
    p: float | None  # Friedman's, that all rank alike; None where all tie in every block


def rank(names: Sequence[str], scores: NDArray[np.float64], alpha: float = 0.05) -> MeanRanks | None:
    """Rank optimizers over blocks; None where there are fewer than three optimizers or two blocks.

    Seeds as blocks are repetitions on the same problem: a small p then says nothing about other problems.

    Parameters
    ----------
    scores
        Shape ``(blocks, optimizers)``, higher is better: negate a loss. A diverged run may be given as −∞.
    """
    if len(names) < FEWEST_OPTIMIZERS or len(scores) < FEWEST_BLOCKS:
        return None
    by_name = dict(zip(names, mean_ranks(scores).tolist(), strict=True))
    tied = bool(np.all(scores == scores[:, :1]))
    return MeanRanks(
        ranks=dict(sorted(by_name.items(), key=lambda item: item[1])),
        blocks=len(scores),
        critical_difference=critical_difference(len(names), len(scores), alpha),
        p=None if tied else friedman_test(scores).p,
    )


def mean_ranks(scores: ArrayLike) -> NDArray[np.float64]:
    """Return mean ranks, shape ``(optimizers,)``; 1 is the highest score, ties share their mean rank, −∞ ranks last."""
    mean: NDArray[np.float64] = _ranks(scores).mean(axis=0)
    return mean


def _ranks(scores: ArrayLike) -> NDArray[np.float64]:
    from scipy import stats

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
    ranked: NDArray[np.float64] = stats.rankdata(-table, axis=1)
    return ranked


def friedman_test(scores: ArrayLike) -> FriedmanTest:
    """Test whether all optimizers rank alike over the blocks, χ² and p (Demšar 2006, JMLR 7, section 3.2.2)."""
    from scipy import stats

    table = _ranks(scores)
    if table.shape[0] < FEWEST_BLOCKS or table.shape[1] < FEWEST_OPTIMIZERS:
        raise SampleError(f"scores have shape {table.shape}, the Friedman test needs two blocks and three optimizers.")
    if np.ptp(table) == 0:
        raise SampleError("all optimizers tie in every block: there is nothing that a Friedman test could rank.")
    result = stats.friedmanchisquare(*table.T)
    return FriedmanTest(float(result.statistic), float(result.pvalue))


def critical_difference(optimizers: int, blocks: int, alpha: float = 0.05) -> float:
    """Return Nemenyi's ``q(α, k) · √(k (k + 1) / (6 N))`` for k optimizers and N blocks (Demšar 2006, 3.2.2)."""
    from scipy import stats

    if optimizers < 2 or blocks < 1:
        raise SampleError(f"{optimizers} optimizers and {blocks} blocks given, at least 2 and 1 are needed.")
    if not 0 < alpha < 1:
        raise SampleError(f"alpha is {alpha}, allowed is the open range 0 to 1.")
    q = float(stats.studentized_range.ppf(1 - alpha, optimizers, np.inf)) / np.sqrt(2)
    return float(q * np.sqrt(optimizers * (optimizers + 1) / (6 * blocks)))
