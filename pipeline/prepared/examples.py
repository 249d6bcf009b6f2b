"""Labelled examples as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Examples:
    """Inputs with their labels, as they are stored.

    Attributes
    ----------
    inputs
        uint8 (n, height, width, channels): images, or counts. float32 (n, …): numbers of any shape, the channels last.
        int64 (n, length): token ids, from 0 to the number of words − 1.
    labels
        int64 (n,): from 0 to the number of classes − 1. int64 (n, length): the token that follows each token.
        float32 (n, targets): the numbers of a regression, in standard deviations from the mean of the training part.
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> Examples:
        """Return the examples at `rows` (int64, shape (k,)), as copies."""
        return Examples(self.inputs[rows], self.labels[rows])


@dataclass(frozen=True)
class LabelledData:
    """A problem's examples as their publisher splits them, and the names of the classes.

    `classes` are the words of the vocabulary for token ids, and for a regression the names of the targets, or nothing.
    """

    train: Examples
    test: Examples
    classes: tuple[str, ...] = ()
