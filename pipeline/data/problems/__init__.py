"""One file per data set, found by its name. What such a file defines, and what its examples must be, is said here.

A file ``pipeline/data/problems/wine.py`` is the data set ``wine``: a row of ``data.sets`` prepares it, a row of
``problems`` says which network learns it. ``optimizer-study check problem wine`` holds it against all of the following
and names what is wrong; ``docs/how-to/your-problem.md`` writes one from the beginning.

============  ==============================  =====================================================================
name          type                            meaning
============  ==============================  =====================================================================
TITLE         text, at most 40 characters     a name for people
DESCRIPTION   text, one sentence              what is learned
ARCHIVE       text or None                    the archive (`pipeline.data.archives`) that `load` reads; None: none
TASK          text, optional                  "classification" (unless given), "regression" or "next_token"
SCALING       text, optional                  "per_channel" (unless given), "common" or "none": see below
load(raw)     -> LabelledData                 all examples; `raw` is the folder that `fetch` filled for the archive
tiny()        -> LabelledData                 a few hundred examples of the same kind, made offline, for tests
============  ==============================  =====================================================================

Both functions return ``LabelledData(Examples(inputs, labels), Examples(inputs, labels), classes)`` of
`pipeline.prepared.examples`: the training part, the test part, and names. Arrays are numpy's; n is the number of
examples, at least one. What stands behind the arrow is stored, and reaches the network in batches of b examples.

Inputs, alike in both parts but for n:

- images: uint8 (n, height, width, channels) → the same; a network gets float32 (b, channels, height, width). Without
  the last axis they are grey.
- numbers: floats of any shape (n, …), finite; also integers, booleans, and uint8 of another shape → float32 (n, …); a
  network gets (b, …). One number for each example (n,) becomes (n, 1). The last axis is that of the channels.
- tokens, of next_token alone: integers (n, length), from 0 to words − 1 → int64; a network gets (b, length).

Labels, and `classes`:

- classification: integers (n,), from 0 to classes − 1 → int64. `classes` are the names. Each class has two examples
  or more in the training part and one or more in the test part.
- regression: finite numbers (n,) or (n, targets) → float32 (n, targets), shifted and scaled to mean 0 and standard
  deviation 1 over the training examples: always guessing their mean costs a loss of about 1. `classes` are the names
  of the targets, or ().
- next_token: integers (n, length), the token that follows each token of the input: ``labels[:, :-1]`` equals
  ``inputs[:, 1:]`` → int64. `classes` is the vocabulary, the word of each id.

SCALING is what happens to images and numbers, measured on the training examples: "per_channel" shifts and scales each
channel to mean 0 and standard deviation 1; "common" divides all by one root mean square, so that zeros stay zeros
(sparse counts); "none" leaves them as they are. Tokens are never scaled.

A row of ``data.sets`` names the share of the training part that is set aside for validation: with the same share of
every class in classification, drawn at random (whole examples, so whole blocks of tokens) otherwise.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.examples import LabelledData
    from pipeline.prepared.reader import Scaling, Task


class DataSet(Protocol):
    """What the file of a data set defines, `TASK` and `SCALING` apart, which it may leave out."""

    TITLE: str
    DESCRIPTION: str
    ARCHIVE: str | None

    def load(self, raw: Path) -> LabelledData:
        """Return all examples; `raw` is the folder that `fetch` filled for the archive."""

    def tiny(self) -> LabelledData:
        """Return a small instance of the same kind, made offline, for tests."""


def names() -> list[str]:
    """Return the names of all data sets, sorted; no file is imported."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def by_name(name: str) -> DataSet:
    """Return the data set of that name, whose file was found when the settings were read."""
    return cast(DataSet, importlib.import_module(f"{__name__}.{name}"))


def task_of(dataset: DataSet) -> Task:
    """Return what is learned."""
    return cast("Task", getattr(dataset, "TASK", "classification"))


def scaling_of(dataset: DataSet) -> Scaling:
    """Return how inputs are scaled; token ids never are."""
    if task_of(dataset) == "next_token":
        return "none"
    return cast("Scaling", getattr(dataset, "SCALING", "per_channel"))
