"""The network that several files of `pipeline.training.networks` build in different widths.

It takes float32 images (batch, channels, height, width) laid out channels-last and returns logits (batch, classes).
Two changes make it faster but leave the function it computes the same: max-pooling comes before ReLU (both are
monotonic, so they commute, and ReLU has a quarter of the work), and feature maps are flattened as they lie in memory
(height, width, channel: a fixed permutation of the first dense layer's columns).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from pipeline.prepared.refusal import Refusal
from pipeline.training.convolution.layer import conv_pool_relu

if TYPE_CHECKING:
    from pipeline.training.record import Convolution


class ConvNet(nn.Module):
    """Convolutions of kernel size 2, each with a 2 × 2 max-pool and ReLU, then dense layers."""

    def __init__(
        self,
        shape: tuple[int, ...],
        classes: int,
        convolutions: tuple[int, ...],  # output channels of each
        dense: tuple[int, ...],  # width of each hidden layer
        convolution: Convolution = "compiled",
    ) -> None:
        super().__init__()
        self._compiled = convolution == "compiled"
        if len(shape) != 3:
            raise Refusal("no_images", shape=shape)
        height, width, channels = shape
        self.convolutions = nn.ModuleList()
        for out_channels in convolutions:
            self.convolutions.append(nn.Conv2d(channels, out_channels, kernel_size=2))
            height, width, channels = (height - 1) // 2, (width - 1) // 2, out_channels
        if min(height, width) < 1:
            raise Refusal("images_too_small", height=shape[0], width=shape[1])
        widths = (height * width * channels, *dense, classes)
        self.dense = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float32 (batch, classes)."""
        x = images
        for convolution in self.convolutions:
            weight, bias = convolution.parameters()
            x = conv_pool_relu(x, weight, bias, compiled=self._compiled)
        x = x.permute(0, 2, 3, 1).flatten(1)
        *hidden, head = self.dense
        for layer in hidden:
            x = F.relu(layer(x))
        logits: Tensor = head(x)
        return logits
