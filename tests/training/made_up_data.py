"""Small prepared data sets of each task, and network files of a test's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.prepared.reader import DESCRIPTION, Description
from pipeline.project import files
from pipeline.training.record import OptimizerRow, Training

if TYPE_CHECKING:
    from pathlib import Path

WORDS, LENGTH = 11, 6
MUON = OptimizerRow("Muon", {}, OptimizerRow("AdamW"))


def asked(**changes: Any) -> Training:
    settings: dict[str, Any] = {
        "kind": "train",
        "problem": "made_up",
        "optimizer": "adam",
        "network": "linear",
        "row": OptimizerRow("Adam"),
        "learning_rate": 0.01,
        "epochs": 4,
        "batch_size": 8,
        "validations_per_epoch": 1,
        "seed": 1,
        "data": "0" * 64,
    }
    return Training(**(settings | changes))


def write(folder: Path, inputs: np.ndarray, labels: np.ndarray, classes: int, **changes: Any) -> Path:
    """Write prepared examples, a quarter of them for validation, as `pipeline.data` does."""
    folder.mkdir(parents=True)
    first = len(labels) // 4
    for part, rows in (("validation", slice(first)), ("train", slice(first, None))):
        np.save(folder / f"{part}_inputs.npy", inputs[rows])
        np.save(folder / f"{part}_labels.npy", labels[rows])
    channels = 1 if inputs.dtype == np.int64 else inputs.shape[-1]
    description = Description(
        title="Made up",
        description="Numbers for tests.",
        shape=inputs.shape[1:],
        classes=tuple(f"c{number}" for number in range(classes)),
        counts={"train": len(labels) - first, "validation": first, "test": 0},
        validation_fraction=0.25,
        split_seed=0,
        white=0,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        digest="0" * 64,
    )
    files.write_json(folder / DESCRIPTION, asdict(description) | changes)
    return folder


def tokens(folder: Path) -> Path:
    """Counting: the next word is the number after this one."""
    starts = np.random.default_rng(0).integers(WORDS, size=(128, 1))
    text = (starts + np.arange(LENGTH + 1)) % WORDS
    return write(folder, text[:, :-1], text[:, 1:], WORDS, task="next_token", scaling="none")


def numbers(folder: Path, shape: tuple[int, ...] = (5,)) -> Path:
    """Two linear functions of the inputs, which lie far from 0."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(100, 20, size=(128, *shape)).astype(np.float32)
    weights = rng.normal(size=(inputs[0].size, 2))
    labels = ((inputs.reshape(128, -1) - 100) / 20 @ weights).astype(np.float32)
    scale = {"mean": [100.0] * shape[-1], "std": [20.0] * shape[-1]}
    return write(folder, inputs, labels, 0, task="regression", targets=2, **scale)


def noise(folder: Path, classes: int = 4) -> Path:
    """Inputs that say nothing about the labels."""
    rng = np.random.default_rng(0)
    return write(folder, rng.normal(size=(256, 5)).astype(np.float32), rng.integers(classes, size=256), classes)
