"""Convolution of kernel size 2, 2 × 2 max-pool and ReLU: what takes most of a small network's time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

_VECTOR = 16  # float32 numbers in the widest vector of a CPU
_WIDEST = 128  # pixels in a row that fill the compiled loop's lanes, of which there are 64 for every second pixel


def conv_pool_relu(features: Tensor, weight: Tensor, bias: Tensor, *, compiled: bool = True) -> Tensor:
    """Convolve (kernel size 2), take the maximum of every 2 × 2 square, and replace negative values by 0.

    A compiled loop does it where PyTorch is slow: float32 features of few channels, laid out channels-last, on a CPU
    (also under bfloat16, which would be slower). Both agree up to rounding. Exported models use PyTorch, to be
    independent of this module. From features (batch, channels, height, width), 3 × 3 pixels or more, and weights
    (outputs, channels, 2, 2) come (batch, outputs, (height − 1) // 2, (width − 1) // 2), laid out as the features are.
    """
    if not compiled or torch.compiler.is_compiling() or not _can_be_compiled(features):
        return F.relu(F.max_pool2d(F.conv2d(features, weight, bias), 2))
    pooled: Tensor = _ConvPoolRelu.apply(features, weight, bias)
    return pooled


def _can_be_compiled(features: Tensor) -> bool:
    if features.device.type != "cpu" or features.dtype != torch.float32:
        return False
    _, channels, height, width = features.shape
    # from whole vectors of channels on, PyTorch's matrix products are faster; a row must fit into the loop's lanes
    small = channels < _VECTOR and height >= 3 and 3 <= width <= _WIDEST
    return small and features.is_contiguous(memory_format=torch.channels_last)


class _ConvPoolRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        from pipeline.training.convolution import kernels

        batch, _, height, width = features.shape
        pooled = torch.empty(batch, (height - 1) // 2, (width - 1) // 2, len(weight))
        winners = np.empty(kernels.winners_size(*pooled.shape), np.uint8)
        kernels.forward(_rows(features), _flat(weight), _flat(bias), pooled.numpy(), winners)
        ctx.save_for_backward(features, weight)
        ctx.winners = winners
        return pooled.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradients: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        from pipeline.training.convolution import kernels

        features, weight = ctx.saved_tensors
        rows = _rows(features)
        of_rows = np.empty(rows.shape if ctx.needs_input_grad[0] else (0, 0, 0), np.float32)
        of_weight, of_bias = np.empty(weight.numel(), np.float32), np.empty(len(weight), np.float32)
        pooled = gradients.permute(0, 2, 3, 1).contiguous().numpy()
        kernels.backward(pooled, ctx.winners, rows, _flat(weight), of_weight, of_bias, of_rows)
        return (
            _features(of_rows, features.shape) if of_rows.size else None,
            torch.from_numpy(of_weight).view(weight.shape),
            torch.from_numpy(of_bias),
        )


def _rows(features: Tensor) -> np.ndarray:
    """Return channels-last features as they lie in memory, shape (batch, height, width · channels)."""
    batch, channels, height, width = features.shape
    return features.detach().permute(0, 2, 3, 1).reshape(batch, height, width * channels).numpy()


def _flat(parameters: Tensor) -> np.ndarray:
    return parameters.detach().contiguous().view(-1).numpy()


def _features(rows: np.ndarray, shape: tuple[int, ...]) -> Tensor:
    batch, channels, height, width = shape
    return torch.from_numpy(rows).view(batch, height, width, channels).permute(0, 3, 1, 2)
