"""Labelled examples as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Examples:
    """Inputs with their labels."""

    inputs: np.ndarray  # uint8, shape (examples, height, width, channels)
    labels: np.ndarray  # int64, shape (examples,), from 0 to the number of classes − 1

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> Examples:
        """Return the examples at `rows` (int64, shape (k,)), as copies."""
        return Examples(self.inputs[rows], self.labels[rows])


@dataclass(frozen=True)
class LabelledData:
    """A problem's examples as their publisher splits them, and the names of the classes."""

    train: Examples
    test: Examples
    classes: tuple[str, ...]
