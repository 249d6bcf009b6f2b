"""A data set's examples -> prepared examples: split, measured, and written where `pipeline.prepared` reads them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from pipeline.data import checking, splits
from pipeline.data.problems import scaling_of, task_of
from pipeline.prepared.examples import Examples, LabelledData
from pipeline.prepared.reader import DESCRIPTION, Description
from pipeline.project import files, seals
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.data.problems import DataSet
    from pipeline.prepared.reader import Scaling, Task

_RARE = 0.01


def prepare(
    dataset: DataSet, data: LabelledData, validation_fraction: float, seed: int, learning: Path, test: Path
) -> Description:
    """Split the training examples, measure them, and write all parts; return what ``description.json`` says.

    Parameters
    ----------
    dataset
        Says what is learned, and how inputs are scaled: of sparse counts, all zeros would become something else.
    data
        Examples as `pipeline.data.problems` describes them.
    validation_fraction
        Share of the training examples that is set aside for validation.
    learning, test
        Two folders, so that stages which must not see the test set do not depend on it.

    Raises
    ------
    DataError
        Where the examples break the contract, or the share is too small or too large for them.
    """
    task, scaling = task_of(dataset), scaling_of(dataset)
    whole = _checked(dataset, task, data, validation_fraction)
    train_rows, validation_rows = _split(task, whole.train.labels, validation_fraction, seed)
    train, validation, final = whole.train.take(train_rows), whole.train.take(validation_rows), whole.test
    targets: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    if task == "regression":
        targets = _statistics(train.labels)
        train, validation, final = (_with_targets_scaled(part, *targets) for part in (train, validation, final))
    mean, std = _scale(train.inputs, task, scaling)
    # of classification, as it always was: another digest would repeat all trainings
    head = (mean, std) if task == "classification" else (mean, std, task, len(whole.classes))
    found = Description(
        title=dataset.TITLE,
        description=dataset.DESCRIPTION,
        shape=train.inputs.shape[1:],
        classes=whole.classes,
        counts={"train": len(train), "validation": len(validation), "test": len(final)},
        validation_fraction=validation_fraction,
        split_seed=seed,
        white=int(train.inputs.max()) if train.inputs.dtype == np.uint8 else 0,
        mean=mean,
        std=std,
        digest=_digest(head, train, validation),
        notes=_sparsity(train.inputs) if scaling == "common" else {},
        task=task,
        scaling=scaling,
        dtype=str(train.inputs.dtype),
        targets=len(targets[0]),
        target_mean=targets[0],
        target_std=targets[1],
    )
    _write(learning, "train", train)
    _write(learning, "validation", validation)
    _write(test, "test", final)
    files.write_json(learning / DESCRIPTION, found.__dict__)
    seals.seal(learning, test.glob("test_*.npy"))
    return found


def _checked(dataset: DataSet, task: Task, data: LabelledData, fraction: float) -> LabelledData:
    """Return the examples as they are stored, or raise the first fault."""
    faults = checking.of_examples(task, data)
    if not faults and (fault := checking.of_fraction(task, data, fraction)):
        faults.append(fault)
    if faults:
        more = f" (and {len(faults) - 1} more: `optimizer-study check problem` names all)" if len(faults) > 1 else ""
        raise DataError(f"data set {dataset.TITLE!r}: {faults[0]}{more}.")
    return checking.stored(task, data)


def _split(task: Task, labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if task == "classification":
        return splits.stratified(labels, fraction, seed)
    return splits.random(len(labels), checking.validation_count(len(labels), fraction), seed)


def _with_targets_scaled(part: Examples, mean: tuple[float, ...], std: tuple[float, ...]) -> Examples:
    return Examples(part.inputs, ((part.labels - np.array(mean)) / np.array(std)).astype(np.float32))


def _scale(inputs: np.ndarray, task: Task, scaling: Scaling) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return what is subtracted from each channel, and what it is divided by."""
    if task == "next_token":
        return (), ()
    channels = inputs.shape[-1]
    if scaling == "none":
        return (0.0,) * channels, (1.0,) * channels
    if inputs.dtype == np.uint8:
        return _channel_statistics(inputs) if scaling == "per_channel" else _common_scale(inputs)
    if scaling == "per_channel":
        return _statistics(inputs.reshape(-1, channels))
    scale = _nine_digits(np.sqrt(np.square(inputs, dtype=np.float64).mean())) or 1.0
    return (0.0,) * channels, (scale,) * channels


def _statistics(rows: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each column, float64 (k, columns); a column without variation is 1."""
    means = rows.mean(axis=0, dtype=np.float64)
    deviations = rows.std(axis=0, dtype=np.float64)
    return tuple(map(_nine_digits, means)), tuple(_nine_digits(value) or 1.0 for value in deviations)


def _nine_digits(value: float) -> float:
    # processors add up in different orders: the last digits would make the digest another one
    return float(f"{value:.9g}")


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


def _digest(head: tuple[object, ...], *parts: Examples) -> str:
    digest = hashlib.sha256(repr(head).encode())
    for part in parts:
        for array in (part.inputs, part.labels):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
