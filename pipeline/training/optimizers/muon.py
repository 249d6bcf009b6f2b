"""Muon with matrix products that a CPU computes at full speed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor


# torch's module: its function is found there in every step
_TORCHS: Any = torch.optim._muon


class Muon(torch.optim.Muon):
    """torch's Muon; on a CPU its orthogonalisation is computed in float32.

    torch rounds the matrix to bfloat16, which GPUs multiply faster. Most CPUs emulate products of that type, and a
    training takes several times as long (docs/decisions/0011).
    """

    def step(self, closure: Any = None) -> Any:
        """Update the parameters once."""
        with _float32_on_a_cpu():
            return super().step(closure)  # type: ignore[no-untyped-call]


@contextmanager
def _float32_on_a_cpu() -> Iterator[None]:
    """Replace torch's function for the length of a step: torch gives no other way to choose the type."""
    original = _TORCHS._zeropower_via_newtonschulz

    def orthogonalised_here(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
        function = orthogonalised if matrix.device.type == "cpu" else original
        result: Tensor = function(matrix, coefficients, steps, eps)
        return result

    _TORCHS._zeropower_via_newtonschulz = orthogonalised_here
    try:
        yield
    finally:
        _TORCHS._zeropower_via_newtonschulz = original


def orthogonalised(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """Return U Vᵀ of a matrix U S Vᵀ, approximately: all singular values become 0.7 to 1.2.

    torch's Newton-Schulz iteration (`torch.optim._muon`), line by line, in the matrix's own type.

    Parameters
    ----------
    matrix
        float32 (rows, columns).
    coefficients
        Of the matrix, its third and its fifth power.
    steps
        How often it is repeated.
    eps
        The smallest norm to divide by.

    Returns
    -------
    Tensor
        Of the same shape and type.
    """
    a, b, c = coefficients
    tall = matrix.size(0) > matrix.size(1)
    x = matrix.T if tall else matrix
    # so that no singular value is larger than 1
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        square = x @ x.T
        update = torch.addmm(square, square, square, beta=b, alpha=c)
        x = torch.addmm(x, update, x, beta=a)
    return x.T if tall else x
