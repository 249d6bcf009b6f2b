"""A linear model: one dense layer, for inputs of any shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import Tensor, nn

if TYPE_CHECKING:
    from pipeline.training.record import Convolution


class Linear(nn.Module):
    """One matrix and a bias; with softmax behind it, logistic regression."""

    def __init__(self, numbers: int, outputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(numbers, outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return float32 (batch, outputs)."""
        # images are flattened as they lie in memory
        rows = inputs.permute(0, 2, 3, 1) if inputs.dim() == 4 else inputs
        outputs: Tensor = self.dense(rows.flatten(1))
        return outputs


def build(shape: tuple[int, ...], outputs: int, convolution: Convolution) -> Linear:
    """Return the model for inputs of this shape."""
    return Linear(math.prod(shape), outputs)
