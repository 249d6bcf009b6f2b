"""Max-pooling and ReLU, the function of which takes most of a small network's time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

_VECTOR = 16  # float32 numbers in the widest vector of a CPU


def for_channels(channels: Sequence[int]) -> Callable[[Tensor], Tensor]:
    """Return the faster of this module's functions for feature maps of these numbers of channels.

    PyTorch's max-pool of channels-last features works on whole vectors of channels, and on single numbers where these
    fill none. Where they do, it is not worth the second that compiled loops take to load.
    """
    return max_pool_relu if all(count % _VECTOR == 0 for count in channels) else compiled_max_pool_relu


def max_pool_relu(features: Tensor) -> Tensor:
    """Take the maximum of every 2 × 2 square, or 0 where that is negative.

    Parameters
    ----------
    features
        float, shape (batch, channels, height, width). What is left over at an odd height or width is left out.

    Returns
    -------
    Tensor
        Shape (batch, channels, height // 2, width // 2).
    """
    return F.relu(F.max_pool2d(features, 2))


def compiled_max_pool_relu(features: Tensor) -> Tensor:
    """Do the same to the last bit, gradients included, in one pass over memory.

    Only where it can: float32, laid out channels-last, on a CPU. Elsewhere, and in an exported model (which must do
    without this module), it is `max_pool_relu` itself.
    """
    if torch.compiler.is_compiling() or not _can_be_compiled(features):
        return max_pool_relu(features)
    pooled: Tensor = _MaxPoolRelu.apply(features)
    return pooled


def _can_be_compiled(features: Tensor) -> bool:
    channels_last = features.is_contiguous(memory_format=torch.channels_last)
    return features.device.type == "cpu" and features.dtype == torch.float32 and channels_last


class _MaxPoolRelu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        from pipeline import kernels

        batch, channels, height, width = features.shape
        pooled = torch.empty(batch, height // 2, width // 2, channels)
        places = np.empty(tuple(pooled.shape), np.uint8)
        rows = features.detach().permute(0, 2, 3, 1).reshape(batch, height, width * channels)
        kernels.pool(rows.numpy(), pooled.numpy(), places)
        ctx.places, ctx.shape = places, (batch, height, width, channels)
        return pooled.permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, gradients: Tensor) -> Tensor:
        from pipeline import kernels

        batch, height, width, channels = ctx.shape
        spread = torch.empty(batch, height, width * channels)
        kernels.spread(gradients.permute(0, 2, 3, 1).contiguous().numpy(), ctx.places, spread.numpy())
        return spread.view(ctx.shape).permute(0, 3, 1, 2)
