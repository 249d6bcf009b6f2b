"""A trained network as a model to use: stored inputs in, probabilities (or numbers) out."""

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
    """A network with its normalisation before it, and softmax or the scale of the targets behind it."""

    def __init__(self, network: str, weights: Mapping[str, np.ndarray], description: Description) -> None:
        super().__init__()
        self.network = networks.build(network, description.shape, description.outputs)
        self.network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        self._task = description.task
        self._images = description.dtype == "uint8"
        if self._task != "next_token":
            scale, shift = scale_and_shift(description)
            self.scale = nn.Buffer(scale.view(description.shape))
            self.shift = nn.Buffer(shift.view(description.shape))
        if self._task == "regression":
            self.target_mean = nn.Buffer(torch.tensor(description.target_mean, dtype=torch.float32))
            self.target_std = nn.Buffer(torch.tensor(description.target_std, dtype=torch.float32))
        self.eval()

    def forward(self, inputs: Tensor) -> Tensor:
        """Return float32: probabilities (batch, classes), of each token's successor (batch, length, words), or targets.

        `inputs` are as they are stored, of any number type: pixels (batch, height, width, channels), 0 to 255, numbers
        (batch, …), or token ids (batch, length).
        """
        if self._task == "next_token":
            return torch.softmax(self.network(inputs.to(torch.int64)), dim=-1)
        normalised = inputs.to(torch.float32) * self.scale + self.shift
        outputs: Tensor = self.network(normalised.permute(0, 3, 1, 2) if self._images else normalised)
        if self._task == "regression":
            return outputs * self.target_std + self.target_mean
        return torch.softmax(outputs, dim=1)
