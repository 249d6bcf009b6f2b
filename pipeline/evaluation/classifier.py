"""A trained network as a model to use: stored pixels in, probabilities out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from pipeline.training import networks
from pipeline.training.batches import scale_and_shift

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from pipeline.prepared.reader import Description


class Classifier(nn.Module):
    """A network with its normalisation before it and softmax behind it."""

    def __init__(self, network: str, weights: Mapping[str, np.ndarray], description: Description) -> None:
        super().__init__()
        self.network = networks.build(network, description.shape, len(description.classes))
        self.network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        scale, shift = scale_and_shift(description)
        self.scale = nn.Buffer(scale.view(description.shape))
        self.shift = nn.Buffer(shift.view(description.shape))
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Return the probabilities, float32 (batch, classes).

        `images` are pixels as stored, 0 to 255 (any number type), shape (batch, height, width, channels).
        """
        normalised = images.to(torch.float32) * self.scale + self.shift
        return torch.softmax(self.network(normalised.permute(0, 3, 1, 2)), dim=1)
