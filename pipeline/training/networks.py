"""The networks, by name.

All take float32 images (batch, channels, height, width) laid out channels-last and return logits (batch, classes).
Two changes make them faster but leave the function they compute the same: max-pooling comes before ReLU (both are
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

# Networks with convolutions: output channels of each convolution, width of each hidden dense layer
_WIDTHS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "assignment_cnn": ((6, 16), (120, 84)),  # the assignment's kernel size 2, else as in PyTorch's CIFAR-10 tutorial
    "wide_cnn": ((32, 64), (128,)),
    "digits_cnn": ((16,), (64,)),  # for images of 8 × 8 pixels
}
_LINEAR = "linear"


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


class Linear(nn.Module):
    """A linear softmax model: one dense layer, for inputs of any shape."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        height, width, channels = shape
        self.dense = nn.Linear(height * width * channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float32 (batch, classes)."""
        logits: Tensor = self.dense(images.permute(0, 2, 3, 1).flatten(1))
        return logits


def names() -> list[str]:
    """Return the names of all networks."""
    return [*_WIDTHS, _LINEAR]


def build(name: str, shape: tuple[int, ...], classes: int, convolution: Convolution = "compiled") -> nn.Module:
    """Build a network; its initial weights come from torch's global random state.

    Parameters
    ----------
    name
        One of `names`.
    shape
        Of one input: (height, width, channels).
    convolution
        Whether to use ``compiled`` loops where they are faster, or always ``torch``.

    Raises
    ------
    Refusal
        If there is no network of that name, or the images are too small for it.
    """
    if name not in names():
        raise Refusal("unknown_network", found=name, allowed=names())
    if name == _LINEAR:
        return Linear(shape, classes)
    return ConvNet(shape, classes, *_WIDTHS[name], convolution)
