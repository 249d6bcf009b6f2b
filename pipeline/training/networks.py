"""The networks, by name.

All take float32 images (batch, channels, height, width) laid out channels-last and return logits (batch, classes).
Two rewritings make them faster without changing the function they can compute: max-pooling comes before ReLU (both
are monotonic, so they commute, and ReLU has a quarter of the work; `convolution` does all at once), and
feature maps are flattened as they lie in memory (height, width, channel; a fixed permutation of the first dense layer's
columns).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

from pipeline.project.errors import SettingsError
from pipeline.project.wording import closest
from pipeline.training.convolution.layer import conv_pool_relu

if TYPE_CHECKING:
    from collections.abc import Callable


class ConvNet(nn.Module):
    """Convolutions of kernel size 2, each with a 2 × 2 max-pool and ReLU, then dense layers.

    Parameters
    ----------
    shape
        Of one input: (height, width, channels).
    classes
        Number of classes.
    convolutions
        Output channels of each convolution.
    dense
        Width of each hidden dense layer.
    """

    def __init__(
        self, shape: tuple[int, ...], classes: int, convolutions: tuple[int, ...], dense: tuple[int, ...]
    ) -> None:
        super().__init__()
        height, width, channels = shape
        self.convolutions = nn.ModuleList()
        for out_channels in convolutions:
            self.convolutions.append(nn.Conv2d(channels, out_channels, kernel_size=2))
            height, width, channels = (height - 1) // 2, (width - 1) // 2, out_channels
        if min(height, width) < 1:
            raise SettingsError(f"images of {shape[0]} × {shape[1]} pixels are too small for this network.")
        widths = (height * width * channels, *dense, classes)
        self.dense = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float32 (batch, classes)."""
        x = images
        for convolution in self.convolutions:
            weight, bias = convolution.parameters()
            x = conv_pool_relu(x, weight, bias)
        x = x.permute(0, 2, 3, 1).flatten(1)
        *hidden, head = self.dense
        for layer in hidden:
            x = F.relu(layer(x))
        logits: Tensor = head(x)
        return logits


class Linear(nn.Module):
    """A linear softmax model: one dense layer, for inputs of any shape.

    Parameters
    ----------
    shape
        Of one input: (height, width, channels).
    classes
        Number of classes.
    """

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        height, width, channels = shape
        self.dense = nn.Linear(height * width * channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float32 (batch, classes)."""
        logits: Tensor = self.dense(images.permute(0, 2, 3, 1).flatten(1))
        return logits


def assignment_cnn(shape: tuple[int, ...], classes: int) -> ConvNet:
    """Return the assignment's network: kernel size 2, the other widths of PyTorch's CIFAR-10 tutorial."""
    return ConvNet(shape, classes, convolutions=(6, 16), dense=(120, 84))


def wide_cnn(shape: tuple[int, ...], classes: int) -> ConvNet:
    """Return a wider network of the same kind."""
    return ConvNet(shape, classes, convolutions=(32, 64), dense=(128,))


def digits_cnn(shape: tuple[int, ...], classes: int) -> ConvNet:
    """Return a small network for 8 × 8 images."""
    return ConvNet(shape, classes, convolutions=(16,), dense=(64,))


def linear(shape: tuple[int, ...], classes: int) -> Linear:
    """Return a linear softmax model."""
    return Linear(shape, classes)


_NETWORKS: dict[str, Callable[[tuple[int, ...], int], nn.Module]] = {
    network.__name__: network for network in (assignment_cnn, wide_cnn, digits_cnn, linear)
}


def names() -> list[str]:
    """Return the names of all networks."""
    return list(_NETWORKS)


def check(name: str) -> None:
    """Check that there is a network of that name.

    Raises
    ------
    SettingsError
        Where there is none; names the closest match.
    """
    if name not in _NETWORKS:
        raise SettingsError(f"params.yaml: network {name!r} is unknown{closest(name, _NETWORKS)}.")


def build(name: str, shape: tuple[int, ...], classes: int) -> nn.Module:
    """Build a network; its initial weights come from torch's global random state.

    Raises
    ------
    SettingsError
        Where there is no network of that name, or the images are too small for it.
    """
    check(name)
    return _NETWORKS[name](shape, classes)
