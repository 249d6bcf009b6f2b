"""What a sample must look like before any statistic is taken of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.project.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class SampleError(UserError, ValueError):
    """The numbers (empty, not finite, out of range) do not allow the statistic; no value is made up in its place."""


def finite_sample(values: ArrayLike, *, name: str = "values", at_least: int = 1) -> NDArray[np.float64]:
    """Return `values` as a float64 vector of at least so many finite numbers, or raise a `SampleError`."""
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise SampleError(f"{name} must be a vector, found an array of shape {sample.shape}.")
    if sample.size < at_least:
        raise SampleError(f"{name}: {sample.size} given, at least {at_least} needed.")
    wrong = np.flatnonzero(~np.isfinite(sample))
    if wrong.size:
        raise SampleError(
            f"{name}[{wrong[0]}] is {sample[wrong[0]]}: leave the run out for every optimizer, or count it as diverged."
        )
    return sample
