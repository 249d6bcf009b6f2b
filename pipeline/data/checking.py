"""Examples held against the contract of `pipeline.data.problems`: a sentence for each fault; and as they are stored."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from pipeline.data.archives import ARCHIVES
from pipeline.prepared.examples import Examples, LabelledData
from pipeline.prepared.reader import Scaling, Task
from pipeline.project.wording import closest, counted, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

TASKS: tuple[str, ...] = get_args(Task)
SCALINGS: tuple[str, ...] = get_args(Scaling)
LONGEST_TITLE = 40

_NAMES = ("TITLE", "DESCRIPTION", "ARCHIVE", "load", "tiny")
_OPTIONAL = {"TASK": TASKS, "SCALING": SCALINGS}
_MISSPELT = 0.8


def of_file(file: object) -> list[str]:
    """Return what is wrong with the names that the file of a data set defines, its functions not called."""
    given = [name for name in vars(file) if not name.startswith("_")]
    faults = [_absent(name, given) for name in _NAMES if name not in given]
    faults += [fault for name in given if (fault := _of_name(name, getattr(file, name)))]
    return faults


def _absent(name: str, given: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, [one for one in given if one not in _NAMES], n=1, cutoff=_MISSPELT)
    return f"{name} is missing" + (f"; the file has {near[0]}: is that what was meant?" if near else "")


def _of_name(name: str, value: Any) -> str:
    if name in _OPTIONAL and value not in _OPTIONAL[name]:
        return f"{name} is {shortened(value)}; it must be one of these{closest(value, _OPTIONAL[name])}"
    if name == "ARCHIVE" and value is not None and value not in ARCHIVES:
        return f"ARCHIVE is {shortened(value)}; it must be None or the name of an archive{closest(value, ARCHIVES)}"
    if name in ("TITLE", "DESCRIPTION") and not (isinstance(value, str) and value):
        return f"{name} is {shortened(value)}; it must be text"
    if name == "TITLE" and len(value) > LONGEST_TITLE:
        return f"TITLE has {len(value)} characters; it must have at most {LONGEST_TITLE}"
    if name in ("load", "tiny") and not callable(value):
        return f"{name} is {shortened(value)}; it must be a function"
    return _misspelt(name)


def _misspelt(name: str) -> str:
    # only these two are not missed where they are absent
    if not name.isupper() or name in (*_NAMES, *_OPTIONAL):
        return ""
    near = difflib.get_close_matches(name, _OPTIONAL, n=1, cutoff=_MISSPELT)
    return f"{name} has no meaning here; did you mean {near[0]}?" if near else ""


def of_examples(task: Task, data: object) -> list[str]:
    """Return what is wrong with the examples of a data set; nothing where they can be stored."""
    if not isinstance(data, LabelledData):
        return [f"found {_shown(data)}; it must be LabelledData(train, test, classes) of pipeline.prepared.examples"]
    if fault := _of_classes(task, data.classes):
        return [fault]
    faults = []
    for name in ("train", "test"):
        faults += [f"{name}: {fault}" for fault in _of_part(task, getattr(data, name), data.classes)]
    return faults or _of_both(task, data)


def of_fraction(task: Task, data: LabelledData, fraction: float) -> str:
    """Return why a share for validation cannot be set aside, or nothing; `data` keeps the rest of the contract."""
    count, least = len(data.train), len(data.classes) if task == "classification" else 1
    kept = validation_count(count, fraction)
    for part, found in (("validation", kept), ("training", count - kept)):
        if found < least:
            wanted = f"{least:,} classes" if least > 1 else "one"
            return (
                f"validation_fraction {fraction:g} leaves {counted(found, 'example')} of {count:,} for {part}, fewer "
                f"than {wanted}: it must be from {_up(least / count):g} to {_down(1 - least / count):g}"
            )
    return ""


def validation_count(count: int, fraction: float) -> int:
    """Return how many of so many examples are set aside: the share, rounded up."""
    return math.ceil(count * fraction)


def _up(share: float) -> float:
    return math.ceil(1000 * share) / 1000


def _down(share: float) -> float:
    return math.floor(1000 * share) / 1000


def stored(task: Task, data: LabelledData) -> LabelledData:
    """Return examples that keep the contract with the shapes and types that are stored; targets are not yet scaled."""
    train, test = (
        Examples(_stored_inputs(task, part.inputs), _stored_labels(task, part.labels))
        for part in (data.train, data.test)
    )
    return LabelledData(train, test, tuple(data.classes))


def _stored_inputs(task: Task, inputs: np.ndarray) -> np.ndarray:
    if task == "next_token":
        return np.ascontiguousarray(inputs, dtype=np.int64)
    if inputs.ndim == 1:
        inputs = inputs[:, np.newaxis]
    if inputs.dtype != np.uint8 or inputs.ndim not in (3, 4):
        return np.ascontiguousarray(inputs, dtype=np.float32)
    return np.ascontiguousarray(inputs if inputs.ndim == 4 else inputs[..., np.newaxis])


def _stored_labels(task: Task, labels: np.ndarray) -> np.ndarray:
    if task != "regression":
        return np.ascontiguousarray(labels, dtype=np.int64)
    return np.ascontiguousarray(labels.reshape(len(labels), -1), dtype=np.float64)


def _shown(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def _of_classes(task: Task, classes: object) -> str:
    if not isinstance(classes, tuple | list) or not all(isinstance(name, str) for name in classes):
        return f"classes: found {shortened(classes)}; it must be a tuple of names (text), or () in a regression"
    if len(set(classes)) < len(classes):
        twice = next(name for place, name in enumerate(classes) if name in classes[:place])
        return f"classes: {twice!r} stands there twice; names must differ"
    # of a text, any sign may be a word; names of classes stand in tables and pictures, which control characters break
    hidden = next((name for name in classes if task != "next_token" and not name.isprintable()), None)
    if hidden is not None:
        return f"classes: found {shortened(hidden)}; a name must have no control characters or other invisible signs"
    return ""


def _of_part(task: Task, part: object, classes: Sequence[str]) -> list[str]:
    if not isinstance(part, Examples):
        return [f"found {_shown(part)}; it must be Examples(inputs, labels) of pipeline.prepared.examples"]
    for name in ("inputs", "labels"):
        if not isinstance(getattr(part, name), np.ndarray):
            return [f"{name}: found {_shown(getattr(part, name))}; it must be a numpy array (np.asarray)"]
    if part.inputs.shape[:1] != part.labels.shape[:1] or not part.inputs.size:
        found = f"inputs {_shown(part.inputs)} and labels {_shown(part.labels)}"
        return [f"{found}: both must have one row for each example, and at least one"]
    fault = (_of_tokens if task == "next_token" else _of_numbers)(part.inputs, classes)
    return [f"inputs: {fault}"] if fault else [f"labels: {f}" for f in [_LABELS[task](part, classes)] if f]


def _of_numbers(inputs: np.ndarray, classes: Sequence[str]) -> str:
    if inputs.dtype.kind not in "biuf":
        return f"found {_shown(inputs)}; it must be numbers: uint8 images (n, height, width, channels) or floats (n, …)"
    return _not_finite(inputs)


def _not_finite(values: np.ndarray) -> str:
    """Return which of many values is none that float32 holds, or nothing."""
    if values.dtype.kind != "f":
        return ""
    with np.errstate(over="ignore"):
        bad = np.argwhere(~np.isfinite(values.astype(np.float32)))
    if not len(bad):
        return ""
    first = tuple(bad[0].tolist())
    return (
        f"found {values[first]} in {_shown(values)} at {list(first)} ({counted(len(bad), 'such value')}); every value "
        f"must be finite and within float32, ±{np.finfo(np.float32).max:.2g}"
    )


def _of_tokens(inputs: np.ndarray, classes: Sequence[str]) -> str:
    if inputs.dtype.kind not in "iu" or inputs.ndim != 2:
        return f"found {_shown(inputs)}; token ids must be integers (n, length)"
    return _beyond(inputs, classes, "words")


def _beyond(values: np.ndarray, classes: Sequence[str], noun: str) -> str:
    low, high = int(values.min()), int(values.max())
    if low >= 0 and high < len(classes):
        return ""
    return f"found {low} to {high} in {_shown(values)}; there are {len(classes)} {noun}: 0 to {len(classes) - 1}"


def _of_class_labels(part: Examples, classes: Sequence[str]) -> str:
    labels = part.labels
    if labels.dtype.kind in "iu" and labels.ndim == 1:
        return _beyond(labels, classes, "classes")
    return f"found {_shown(labels)}; classes must be integers (n,) from 0{_remedy(labels)}"


def _remedy(labels: np.ndarray) -> str:
    if labels.ndim == 2 and labels.shape[1] > 1:
        return ": of one column for each class, take labels.argmax(axis=1)"
    if labels.ndim == 2:
        return ": take labels[:, 0]"
    if labels.dtype.kind == "f":
        return ': take labels.astype(int), or is it TASK = "regression"?'
    return ": classes, labels = np.unique(labels, return_inverse=True) gives them"


def _of_targets(part: Examples, classes: Sequence[str]) -> str:
    labels = part.labels
    if labels.dtype.kind not in "biuf" or labels.ndim not in (1, 2):
        return f"found {_shown(labels)}; targets must be numbers (n,) or (n, targets)"
    targets = labels.size // len(labels)
    if classes and len(classes) != targets:
        return f"found {_shown(labels)}, but {len(classes)} names in classes: one for each target, or ()"
    return _not_finite(labels)


def _of_next_tokens(part: Examples, classes: Sequence[str]) -> str:
    inputs, labels = part.inputs, part.labels
    if labels.dtype.kind not in "iu" or labels.shape != inputs.shape:
        return f"found {_shown(labels)}; they must be integers of the shape of the inputs {inputs.shape}"
    if not np.array_equal(labels[:, :-1], inputs[:, 1:]):
        return "they must be the token that follows each token: labels[:, :-1] equals inputs[:, 1:]"
    return _beyond(labels, classes, "words")


_LABELS = {"classification": _of_class_labels, "regression": _of_targets, "next_token": _of_next_tokens}


def _of_both(task: Task, data: LabelledData) -> list[str]:
    """Return what is wrong with parts that are right each by itself."""
    faults = []
    for name in ("inputs", "labels"):
        train, test = getattr(data.train, name), getattr(data.test, name)
        if train.shape[1:] != test.shape[1:] or (name == "inputs" and train.dtype != test.dtype):
            faults.append(
                f"{name} of train are {_shown(train)}, of test {_shown(test)}; only the first number may differ"
            )
    return faults or (_rare_classes(data) if task == "classification" else [])


def _rare_classes(data: LabelledData) -> list[str]:
    faults = []
    for name, least, why in (("train", 2, "one to learn from and one for validation"), ("test", 1, "one to judge by")):
        counts = np.bincount(getattr(data, name).labels, minlength=len(data.classes))
        few = [f"{data.classes[label]!r} ({counts[label]})" for label in np.flatnonzero(counts < least)]
        if few:
            faults.append(f"{name}: too few examples of {', '.join(few[:5])}; each class needs {why}")
    return faults
