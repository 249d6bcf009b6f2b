"""What a search tells of shorter ones: the best that so many trials would find."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError, finite_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


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
