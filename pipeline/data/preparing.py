"""A data set's examples -> prepared examples: split, measured, and written where `pipeline.prepared` reads them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.splits import stratified
from pipeline.prepared.reader import DESCRIPTION, Description
from pipeline.project import files

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.data.problems import DataSet
    from pipeline.prepared.examples import Examples, LabelledData

_RARE = 0.01


def prepare(
    dataset: DataSet, data: LabelledData, validation_fraction: float, seed: int, learning: Path, test: Path
) -> Description:
    """Split the training examples, measure them, and write all parts; return what ``description.json`` says.

    Parameters
    ----------
    dataset
        Says whether its inputs are to be shifted to mean 0: of sparse counts, all zeros would become something else.
    validation_fraction
        Share of the training examples that is set aside for validation.
    learning, test
        Two folders, so that stages which must not see the test set do not depend on it.
    """
    train_rows, validation_rows = stratified(data.train.labels, validation_fraction, seed)
    train, validation = data.train.take(train_rows), data.train.take(validation_rows)
    mean, std = _channel_statistics(train.inputs) if dataset.CENTRED else _common_scale(train.inputs)
    found = Description(
        title=dataset.TITLE,
        description=dataset.DESCRIPTION,
        shape=train.inputs.shape[1:],
        classes=data.classes,
        counts={"train": len(train), "validation": len(validation), "test": len(data.test)},
        validation_fraction=validation_fraction,
        split_seed=seed,
        white=int(train.inputs.max()),
        mean=mean,
        std=std,
        digest=_digest(mean, std, train, validation),
        notes={} if dataset.CENTRED else _sparsity(train.inputs),
    )
    _write(learning, "train", train)
    _write(learning, "validation", validation)
    _write(test, "test", data.test)
    files.write_json(learning / DESCRIPTION, found.__dict__)
    return found


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


def _common_scale(inputs: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    # one scale for all: a scale of its own would make every rare word as large as a frequent one
    counts = np.bincount(inputs.ravel(), minlength=256)
    scale = float(np.sqrt((counts * np.arange(256) ** 2).sum() / counts.sum())) or 1.0
    channels = inputs.shape[-1]
    return (0.0,) * channels, (scale,) * channels


def _sparsity(inputs: np.ndarray) -> dict[str, float]:
    present = inputs.reshape(len(inputs), -1, inputs.shape[-1]).any(axis=1)
    return {
        "share_of_zeros": float((inputs == 0).mean()),
        "share_of_rare_words": float((present.mean(axis=0) < _RARE).mean()),
    }


def _digest(mean: tuple[float, ...], std: tuple[float, ...], *parts: Examples) -> str:
    digest = hashlib.sha256(repr((mean, std)).encode())
    for part in parts:
        for array in (part.inputs, part.labels):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
