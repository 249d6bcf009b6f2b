"""Prepared examples on disk: uint8 arrays that every worker maps instead of reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.prepared.examples import Examples
from pipeline.prepared.refusal import Refusal
from pipeline.project import files

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTION = "description.json"


@dataclass(frozen=True)
class Description:
    """What the prepared examples are.

    Attributes
    ----------
    title, description
        For people: the data set's name, and one sentence about it.
    shape
        Of one input: (height, width, channels).
    classes
        Names of the classes, in the order of their labels.
    counts
        Number of examples of each part: ``train``, ``validation``, ``test``.
    validation_fraction, split_seed
        How the published training examples were split into training and validation examples.
    white
        The largest stored value of the training inputs.
    mean, std
        What is subtracted from each channel, and what it is then divided by, in units of the stored values: its
        mean and standard deviation over the training examples alone. Where zeros must stay zeros, 0 and one
        common root mean square.
    digest
        SHA-256 of the training and validation examples and of `mean` and `std`.
    notes
        Of sparse inputs, over the training examples alone: ``share_of_zeros`` among all values, and
        ``share_of_rare_words``, the channels that are not zero in fewer than 1 % of the examples.
    """

    title: str
    description: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    counts: dict[str, int]
    validation_fraction: float
    split_seed: int
    white: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    digest: str
    notes: dict[str, float] = field(default_factory=dict)


def describe(learning: Path) -> Description:
    """Read the description of prepared examples.

    Raises
    ------
    Refusal
        ``not_prepared``, where there is none, or one of another version.
    """
    path = learning / DESCRIPTION
    try:
        content = files.read_json(path)
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in content.items()}
        return Description(**fields)
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        raise Refusal("not_prepared", path=path) from None


def open_part(folder: Path, part: str) -> Examples:
    """Map one part (``train``, ``validation`` or ``test``) into memory, shared by all processes that do.

    Parameters
    ----------
    folder
        The learning or the test folder of a data set.
    part
        Which part.
    """
    return Examples(_map(folder / f"{part}_inputs.npy"), np.load(folder / f"{part}_labels.npy"))


def _map(path: Path) -> np.ndarray:
    # copy-on-write: nothing is ever written, but torch warns of arrays that could not be
    array: np.ndarray = np.load(path, mmap_mode="c")
    return array
