"""What a diverged run counts as: the worst score, so that it neither disappears nor voids a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.statistics.samples import SampleError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def counted_as_worst(
    scores: ArrayLike, diverged: ArrayLike, worst: float, *, higher_is_better: bool = True
) -> NDArray[np.float64]:
    """Return the scores with diverged runs at the worst value: `worst`, or the worst finite score if that is worse.

    A cap and not infinity, because the reported mean, the interval and the test must speak of one number. And not
    ranks, because their tests are of another quantity, for which a margin in points says nothing. How deep the
    cap lies hardly matters to the test: a difference far larger than all others counts by its sign alone. With ten
    seeds an optimizer must diverge in six more than its rival to be called worse for that alone (2/2⁶ = 0.03).
    Where both diverge the difference is 0.

    Parameters
    ----------
    scores
        Any shape: all runs of one problem together, ``(optimizers, seeds)`` for example, so that the worst is the same
        for all. What stands at a diverged run is not looked at. NaN where there was no such run.
    diverged
        Boolean, the same shape.
    worst
        Finite, in the unit of the scores: 0 for an accuracy, the loss of guessing (``ln`` of the number of classes)
        for a loss.
    """
    table, lost = np.array(scores, dtype=np.float64), np.asarray(diverged, dtype=np.bool_)
    if table.shape != lost.shape:
        raise SampleError(f"scores have shape {table.shape} and diverged {lost.shape}: one each is needed.")
    if not np.isfinite(worst):
        raise SampleError(f"worst is {worst}, a finite number is needed.")
    finished = table[~lost]
    if np.isinf(finished).any():
        raise SampleError("a score is infinite, but its run does not count as diverged.")
    known = [worst, *finished[np.isfinite(finished)]]
    table[lost] = min(known) if higher_is_better else max(known)
    return table
