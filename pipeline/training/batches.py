"""Prepared examples as tensors: gathered, and normalised where they are numbers, a batch at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.prepared.examples import Examples
    from pipeline.prepared.reader import Description


class Batches:
    """Batches of `size` examples from one part of a data set: images and numbers normalised, token ids as they are.

    The rows stay as they are stored, in (shared) memory; only one batch at a time is normalised, as float32. A GPU gets
    all rows at once and keeps them.

    ====================================  ====================================================================
    stored inputs                         inputs of a batch
    ====================================  ====================================================================
    uint8 (n, height, width, channels)    float32 (b, channels, height, width), channels-last in memory
    float32 (n, …)                        float32 (b, …)
    int64 (n, length)                     int64 (b, length)
    ====================================  ====================================================================

    Labels come as they are stored: int64 (b,), int64 (b, length) or float32 (b, targets).
    """

    def __init__(
        self, examples: Examples, description: Description, size: int, device: torch.device | None = None
    ) -> None:
        self.shape = examples.inputs.shape[1:]
        self.size = size
        self.labels = torch.from_numpy(examples.labels).to(device=device)
        self._rows = torch.from_numpy(examples.inputs.reshape(len(examples), -1)).to(device=device)
        self._are_images = self._rows.dtype == torch.uint8
        self._are_tokens = self._rows.dtype == torch.int64
        if not self._are_tokens:
            self._scale, self._shift = (tensor.to(device=device) for tensor in scale_and_shift(description))

    def __len__(self) -> int:
        """Return the number of whole batches in a pass."""
        return len(self.labels) // self.size

    def in_order(self, order: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield the whole batches of one pass in the given order (row numbers, int64 (n,)); leave out what remains.

        A last step on a handful of examples would take as long as the others but be far noisier, and every epoch's
        accuracy would be measured right after it (``docs/decisions/0006-whole-batches-only.md``).

        Yields
        ------
        tuple of Tensor
            Inputs and labels, as the class says.
        """
        whole = order[: len(self) * self.size].to(self._rows.device)
        for rows in torch.split(whole, self.size):
            # `index_select` copies whole rows; indexing copies number by number
            yield self._inputs(self._rows.index_select(0, rows)), self.labels.index_select(0, rows)

    def in_sequence(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield all examples as they are stored; the last batch may be smaller."""
        parts = zip(torch.split(self._rows, self.size), torch.split(self.labels, self.size), strict=True)
        for rows, labels in parts:
            yield self._inputs(rows), labels

    def _inputs(self, rows: torch.Tensor) -> torch.Tensor:
        if self._are_tokens:
            return rows.view(-1, *self.shape)
        values = torch.addcmul(self._shift, rows.to(torch.float32), self._scale).view(-1, *self.shape)
        return values.permute(0, 3, 1, 2) if self._are_images else values


def scale_and_shift(description: Description) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what normalises a stored row (value × scale + shift), float32 (numbers of an input,) each."""
    mean = torch.tensor(description.mean, dtype=torch.float64)
    std = torch.tensor(description.std, dtype=torch.float64)
    # the channels are the last axis
    times = math.prod(description.shape[:-1])
    return (1 / std).float().repeat(times), (-mean / std).float().repeat(times)
