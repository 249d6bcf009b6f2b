"""All parameters of a network in one vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

# Values and their gradients: float32, of one shape
Pair = tuple["Tensor", "Tensor"]


@dataclass(frozen=True)
class FlatTensor:
    """One parameter of the network: its part of the vector, in three shapes that share its memory."""

    vector: Pair  # shape (numbers,)
    shaped: Pair  # the parameter's own shape; convolution kernels as torch has them: (out, in, height, width)
    matrix: Pair | None  # (out, in) of a hidden weight, a kernel flattened; None for all other parameters


class FlatParameters:
    """A network's parameters and their gradients, each moved into one vector."""

    def __init__(self, network: nn.Module) -> None:
        parameters = list(network.parameters())
        total = sum(parameter.numel() for parameter in parameters)
        device = parameters[0].device
        # float32, shape (parameters,); the network's own parameters and their `.grad` are views of these
        self.values = torch.empty(total, device=device)
        self.gradients = torch.zeros(total, device=device)
        self.tensors: list[FlatTensor] = []
        weights = [parameter for parameter in parameters if parameter.dim() >= 2]
        embeddings = {id(module.weight) for module in network.modules() if isinstance(module, nn.Embedding)}
        # without the first layer, the head and tables of words: empty for a network of one or two layers
        hidden = {id(parameter) for parameter in weights[1:-1]} - embeddings
        start = 0
        for parameter in parameters:
            stop = start + parameter.numel()
            self.tensors.append(self._moved(parameter, slice(start, stop), hidden=id(parameter) in hidden))
            start = stop

    @property
    def whole(self) -> list[Pair]:
        """All parameters as one tensor."""
        return [(self.values, self.gradients)]

    @property
    def matrices(self) -> list[Pair]:
        """The hidden weights."""
        return [tensor.matrix for tensor in self.tensors if tensor.matrix is not None]

    @property
    def others(self) -> list[FlatTensor]:
        """All but the hidden weights."""
        return [tensor for tensor in self.tensors if tensor.matrix is None]

    def _moved(self, parameter: nn.Parameter, place: slice, *, hidden: bool) -> FlatTensor:
        values, gradients = self.values[place], self.gradients[place]
        view = _view_like(values, parameter)
        view.copy_(parameter.data)
        parameter.data = view
        parameter.grad = _view_like(gradients, parameter)
        rows = len(parameter) if hidden else 0
        matrix = (values.view(rows, -1), gradients.view(rows, -1)) if hidden else None
        return FlatTensor((values, gradients), (view, parameter.grad), matrix)


def _view_like(vector: Tensor, parameter: Tensor) -> Tensor:
    if parameter.dim() != 4:
        return vector.view(parameter.shape)
    # the storage order of channels-last, so that convolutions need not rearrange their kernels
    out_channels, in_channels, height, width = parameter.shape
    return vector.view(out_channels, height, width, in_channels).permute(0, 3, 1, 2)
