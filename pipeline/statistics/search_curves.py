"""What a learning-rate search tells: how forgiving the learning rate is, and what a given search budget buys."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError, finite_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class GoodRates:
    """How much of the learning-rate axis is good enough."""

    decades: float  # length of the good part, in powers of ten; 0 where only the best grid point itself is good
    best_learning_rate: float  # the smaller one on a tie
    best_score: float
    # whether the smallest or the largest tried learning rate is itself good: `decades` is then a lower bound
    open_low: bool
    open_high: bool


def learning_rate_tolerance(learning_rates: ArrayLike, scores: ArrayLike, margin: float) -> GoodRates:
    """Return how many decades of learning rates score within `margin` of the best; higher scores are better.

    Between neighbouring grid points the score is interpolated linearly in log10 of the learning rate, giving
    a curve f on the range of the grid. The tolerance is the total length, in log10, of the part where
    ``f ≥ best − margin``, gaps left out, nothing added beyond the grid. No part of the two segments that touch a
    diverged trial is good.

    Parameters
    ----------
    learning_rates
        Shape ``(n,)``, n at least 2: positive and distinct, in any order.
    scores
        Shape ``(n,)``: one validation score per learning rate; NaN or infinite where the trial diverged.
    """
    rates, height = _curve(learning_rates, scores)
    if not margin >= 0:
        raise SampleError(f"margin is {margin}, a number of at least 0 is needed.")
    if not np.isfinite(height).any():
        raise SampleError("every trial diverged: there is no best learning rate to stay close to.")
    best = int(np.argmax(height))
    floor = float(height[best]) - margin
    return GoodRates(
        decades=_length_above(np.log10(rates), height, floor),
        best_learning_rate=float(rates[best]),
        best_score=float(height[best]),
        open_low=bool(height[0] >= floor),
        open_high=bool(height[-1] >= floor),
    )


def _curve(learning_rates: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the learning rates, ascending, and their scores, −∞ for diverged."""
    rates = finite_sample(learning_rates, name="learning_rates", at_least=2)
    raw = np.asarray(scores, dtype=np.float64)
    if raw.shape != rates.shape:
        raise SampleError(f"{rates.size} learning rates but scores of shape {raw.shape}: one each is needed.")
    if rates.min() <= 0 or np.unique(rates).size < rates.size:
        raise SampleError(f"learning rates must be positive and distinct, found {rates.tolist()}.")
    order = np.argsort(rates)
    return rates[order], np.where(np.isfinite(raw), raw, -np.inf)[order]


def _length_above(position: NDArray[np.float64], height: NDArray[np.float64], floor: float) -> float:
    lower = np.minimum(height[:-1], height[1:])
    upper = np.maximum(height[:-1], height[1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        partial = (upper - floor) / (upper - lower)
    # Where lower ≥ floor the whole segment is good; where upper < floor none of it; lower = −∞ gives 0.
    share = np.select([lower >= floor, upper < floor, np.isneginf(lower)], [1.0, 0.0, 0.0], default=partial)
    return float((share * np.diff(position)).sum())


def expected_best(scores: ArrayLike, trials: int, *, diverged_score: float | None = None) -> NDArray[np.float64]:
    """Return the expected best validation score after 1 to `trials` random trials; higher scores are better.

    With N scores sorted ascending, ``E[best of k] = Σᵢ vᵢ · ((i/N)ᵏ − ((i − 1)/N)ᵏ)``: the mean of the
    largest of k draws *with replacement* from the trials at hand (Dodge et al. 2019, EMNLP, section 3). Above N draws
    the curve flattens at the best score seen, which understates what so many new trials would find.

    Parameters
    ----------
    scores
        Shape ``(N,)``: one validation score per trial; NaN or infinite where the trial diverged.
    diverged_score
        What a diverged trial is worth, for example the accuracy of guessing; None refuses them.
    """
    if trials < 1:
        raise SampleError(f"trials is {trials}, at least 1 is needed.")
    raw = np.asarray(scores, dtype=np.float64)
    if diverged_score is not None:
        raw = np.where(np.isfinite(raw), raw, diverged_score)
    ascending = np.sort(finite_sample(raw, name="scores"))
    steps = np.arange(ascending.size + 1) / ascending.size
    weights = np.diff(steps ** np.arange(1, trials + 1)[:, None], axis=1)
    best: NDArray[np.float64] = weights @ ascending
    return best


def chance_of_best(count: int, trials: int) -> NDArray[np.float64]:
    """Return how likely each of `count` scores, sorted ascending, is the best of `trials` different ones.

    ``P(the i-th is the best of k) = C(i − 1, k − 1) / C(N, k)``: k different trials are drawn at random, as a person
    searches who tries no setting twice. `expected_best` draws with replacement (Dodge et al. 2019), which understates
    what k different trials find; this is the unbiased form (Tang et al. 2020, ACL, section 3). Above N draws all N
    were made.

    Returns
    -------
    NDArray
        Shape ``(count,)``, sum 1.
    """
    if count < 1 or trials < 1:
        raise SampleError(f"{count} scores and {trials} trials given, at least 1 of each is needed.")
    drawn = min(trials, count)
    return np.array([comb(place, drawn - 1) for place in range(count)], dtype=np.float64) / comb(count, drawn)
