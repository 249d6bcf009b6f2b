"""CIFAR-10 (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.archives import CIFAR10
from pipeline.data.unpickling import unpickle
from pipeline.prepared.examples import Examples, LabelledData

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.data.archives import Member

TITLE = "CIFAR-10"
DESCRIPTION = "60,000 colour photographs of 32 × 32 pixels in ten classes of animals and vehicles."
ARCHIVE: str | None = CIFAR10.name
SCALING = "per_channel"

_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
_TEST = "test_batch"


def load(raw: Path) -> LabelledData:
    """Read the official batches: 50,000 training and 10,000 test images, uint8 (n, 32, 32, 3)."""
    batches = [read_batch(raw / name, CIFAR10.member(name)) for name in _TRAIN]
    inputs, labels = (np.concatenate([getattr(batch, part) for batch in batches]) for part in ("inputs", "labels"))
    meta = unpickle(raw / "batches.meta", CIFAR10.member("batches.meta"))
    test = read_batch(raw / _TEST, CIFAR10.member(_TEST))
    return LabelledData(Examples(inputs, labels), test, tuple(meta["label_names"]))


def read_batch(path: Path, member: Member) -> Examples:
    """Read one batch: uint8 (n, 32, 32, 3), whose channels are red, green and blue, and int64 labels (n,)."""
    batch = unpickle(path, member)
    # in the file: all red, then all green, then all blue, each row by row
    images = batch["data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Examples(np.ascontiguousarray(images), np.asarray(batch["labels"], dtype=np.int64))


def tiny() -> LabelledData:
    """Make 400 training and 100 test images whose class shows in their colours, from a fixed seed."""
    rng = np.random.default_rng(0)
    classes = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    colours = rng.integers(40, 216, size=(10, 1, 1, 3))

    def make(count: int) -> Examples:
        labels = np.arange(count, dtype=np.int64) % 10
        noise = rng.normal(0, 40, size=(count, 32, 32, 3))
        return Examples(np.clip(colours[labels] + noise, 0, 255).astype(np.uint8), labels)

    return LabelledData(make(400), make(100), classes)
