"""CIFAR-10's cats against its dogs, with little data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.problems import cifar10
from pipeline.prepared.examples import Examples, LabelledData

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "Cats and dogs"
DESCRIPTION = "CIFAR-10's cats against its dogs: 1,000 photographs to train on, as many to validate."
ARCHIVE: str | None = cifar10.ARCHIVE
SCALING = "per_channel"

_CLASSES = ("cat", "dog")


def load(raw: Path) -> LabelledData:
    """Read the first 1,000 cats and dogs each of CIFAR-10's training images, and all 2,000 of its test images."""
    return _cats_and_dogs(cifar10.load(raw))


def tiny() -> LabelledData:
    """Return the cats and dogs among the images that `cifar10.tiny` makes."""
    return _cats_and_dogs(cifar10.tiny())


def _cats_and_dogs(data: LabelledData) -> LabelledData:
    labels = [data.classes.index(name) for name in _CLASSES]
    train = _chosen(data.train, labels, 1000)
    return LabelledData(train, _chosen(data.test, labels, len(data.test)), _CLASSES)


def _chosen(examples: Examples, labels: list[int], most: int) -> Examples:
    """Return the first `most` examples of each of two labels, in their order, labelled 0 and 1."""
    found = np.concatenate([np.flatnonzero(examples.labels == label)[:most] for label in labels])
    rows = np.sort(found)
    return Examples(examples.inputs[rows], (examples.labels[rows] == labels[1]).astype(np.int64))
