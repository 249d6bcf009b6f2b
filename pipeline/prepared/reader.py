"""Prepared examples on disk: uint8 arrays that every worker maps instead of reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.prepared.examples import Examples
from pipeline.project import files
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTION = "description.json"


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
        What is subtracted from each channel, and what it is then divided by, in units of the stored values: its
        mean and standard deviation over the training examples alone. Where zeros must stay zeros, 0 and one
        common root mean square.
    digest
        SHA-256 of the training and validation examples and of `mean` and `std`.
    counts
        Number of examples of each part.
    notes
        Of sparse inputs, over the training examples alone: ``share_of_zeros`` among all values, and
        ``share_of_rare_words``, the channels that are not zero in fewer than 1 % of the examples.
    """

    shape: tuple[int, ...]
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    digest: str
    counts: dict[str, int]
    notes: dict[str, float] = field(default_factory=dict)


def describe(learning: Path) -> Description:
    """Read the description of prepared examples.

    Raises
    ------
    DataError
        Where there is none.
    """
    path = learning / DESCRIPTION
    if not path.exists():
        raise DataError(f"{path} is missing: run `dvc repro` to prepare the data.")
    content = files.read_json(path).items()
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in content}
    return Description(**fields)


def open_part(folder: Path, part: str) -> Examples:
    """Map one part (``train``, ``validation`` or ``test``) into memory, shared by all processes that do."""
    return Examples(_map(folder / f"{part}_inputs.npy"), np.load(folder / f"{part}_labels.npy"))


def _map(path: Path) -> np.ndarray:
    # copy-on-write: nothing is ever written, but torch warns of arrays that could not be
    array: np.ndarray = np.load(path, mmap_mode="c")
    return array
