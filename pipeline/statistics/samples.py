"""What a sample must look like before any statistic is taken of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.project.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class SampleError(UserError, ValueError):
    """The numbers do not allow the statistic that was asked for; no value is made up in its place."""


def finite_sample(values: ArrayLike, *, name: str = "values", at_least: int = 1) -> NDArray[np.float64]:
    """Return `values` as a float64 vector, or say why they are no sample.

    Parameters
    ----------
    values
        Shape ``(n,)``, any numeric dtype.
    name
        What the values are called in an error message.
    at_least
        The fewest values that will do.

    Raises
    ------
    SampleError
        Where `values` are not one-dimensional, fewer than `at_least`, NaN or infinite.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise SampleError(f"{name} must be a vector, found an array of shape {sample.shape}.")
    if sample.size < at_least:
        raise SampleError(f"{name}: {sample.size} given, at least {at_least} needed.")
    refuse_not_finite(sample, name)
    return sample


def refuse_not_finite(sample: NDArray[np.float64], name: str) -> None:
    """Raise a `SampleError` that names the first NaN or infinity of `sample`, if it holds any."""
    wrong = np.argwhere(~np.isfinite(sample))
    if wrong.size:
        place = tuple(int(i) for i in wrong[0])
        raise SampleError(
            f"{name}[{', '.join(map(str, place))}] is {sample[place]}: "
            "leave the run out for every optimizer, or count it as diverged."
        )


def check_confidence(confidence: float) -> None:
    """Raise a `SampleError` unless ``0 < confidence < 1``."""
    if not 0 < confidence < 1:
        raise SampleError(f"confidence is {confidence}, allowed is the open range 0 to 1, for example 0.95.")
