"""The assignment's network: its kernel size 2, otherwise as in PyTorch's CIFAR-10 tutorial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.training.convolution.network import ConvNet

if TYPE_CHECKING:
    from pipeline.training.record import Convolution


def build(shape: tuple[int, ...], outputs: int, convolution: Convolution) -> ConvNet:
    """Return the network for images of this shape, (height, width, channels)."""
    return ConvNet(shape, outputs, convolutions=(6, 16), dense=(120, 84), convolution=convolution)
