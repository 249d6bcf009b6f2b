"""Prepared examples on disk: uint8 arrays that every worker maps instead of reading."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline import files
from pipeline.data.examples import Examples, LabelledData
from pipeline.data.splits import stratified
from pipeline.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

_DESCRIPTION = "description.json"


@dataclass(frozen=True)
class Description:
    """What the prepared examples are.

    Attributes
    ----------
    shape
        Of one input: (height, width, channels).
    classes
        Names of the classes, in the order of their labels.
    mean, std
        Of each channel over the training examples alone, in units of the stored values.
    digest
        SHA-256 of the training and validation examples.
    counts
        Number of examples of each part.
    """

    shape: tuple[int, ...]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    digest: str
    counts: dict[str, int]


def prepare(
    data: LabelledData, validation_fraction: float, seed: int, learning: Path, test: Path
) -> Description:
    """Split the training examples, measure them, and write all parts.

    Parameters
    ----------
    data
        All examples of a problem.
    validation_fraction
        Share of the training examples that is set aside for validation.
    seed
        Of the split.
    learning, test
        Folders for the training and validation examples, and for the test examples. They are apart so that
        stages which must not see the test set do not depend on it.

    Returns
    -------
    Description
        As written to ``description.json`` in `learning`.
    """
    train_rows, validation_rows = stratified(data.train.labels, validation_fraction, seed)
    train, validation = data.train.take(train_rows), data.train.take(validation_rows)
    mean, std = _channel_statistics(train.inputs)
    description = Description(
        shape=train.inputs.shape[1:],
        classes=data.classes,
        mean=mean,
        std=std,
        digest=_digest(train, validation),
        counts={"train": len(train), "validation": len(validation), "test": len(data.test)},
    )
    _write(learning, "train", train)
    _write(learning, "validation", validation)
    _write(test, "test", data.test)
    files.write_json(learning / _DESCRIPTION, description.__dict__)
    return description


def describe(learning: Path) -> Description:
    """Read the description of prepared examples.

    Raises
    ------
    DataError
        Where there is none.
    """
    path = learning / _DESCRIPTION
    if not path.exists():
        raise DataError(f"{path} is missing: run `dvc repro` to prepare the data.")
    content = files.read_json(path)
    return Description(**{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()})


def open_part(folder: Path, part: str) -> Examples:
    """Map one part (``train``, ``validation`` or ``test``) into memory, shared by all processes that do."""
    return Examples(_map(folder / f"{part}_inputs.npy"), np.load(folder / f"{part}_labels.npy"))


def _map(path: Path) -> np.ndarray:
    # copy-on-write: nothing is ever written, but torch warns of arrays that could not be
    array: np.ndarray = np.load(path, mmap_mode="c")
    return array


def _write(folder: Path, part: str, examples: Examples) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in (("inputs", examples.inputs), ("labels", examples.labels)):
        with files.atomic(folder / f"{part}_{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, array, allow_pickle=False)


def _channel_statistics(inputs: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # from counts of the 256 values: exact, and no float copy of all images
    channels = [np.bincount(inputs[..., c].ravel(), minlength=256) for c in range(inputs.shape[-1])]
    values = np.arange(256)
    means = [float((counts * values).sum() / counts.sum()) for counts in channels]
    deviations = [
        float(np.sqrt((counts * (values - mean) ** 2).sum() / counts.sum()))
        for counts, mean in zip(channels, means, strict=True)
    ]
    # a channel without any variation is only shifted
    return tuple(means), tuple(deviation or 1.0 for deviation in deviations)


def _digest(*parts: Examples) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for array in (part.inputs, part.labels):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
