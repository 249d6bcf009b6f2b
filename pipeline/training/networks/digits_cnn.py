"""A small network for images of 8 × 8 pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.training.convolution.network import ConvNet

if TYPE_CHECKING:
    from pipeline.training.record import Convolution


def build(shape: tuple[int, ...], outputs: int, convolution: Convolution) -> ConvNet:
    """Return the network for images of this shape, (height, width, channels)."""
    return ConvNet(shape, outputs, convolutions=(16,), dense=(64,), convolution=convolution)
