"""Prepared examples on disk: arrays that every worker maps instead of reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pipeline.prepared.examples import Examples
from pipeline.prepared.refusal import Refusal
from pipeline.project import files

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTION = "description.json"

Task = Literal["classification", "regression", "next_token"]
Scaling = Literal["per_channel", "common", "none"]


@dataclass(frozen=True)
class Description:
    """What the prepared examples are, whose arrays `pipeline.prepared.examples` describes."""

    title: str
    description: str  # one sentence for people
    shape: tuple[
        int, ...
    ]  # of one input: (height, width, channels) of an image, any shape of numbers, (length,) of ids
    classes: tuple[str, ...]  # names, in the order of their labels; the words; or names of targets, which may be absent
    counts: dict[str, int]  # examples of each part: train, validation, test
    validation_fraction: float  # of the published training examples
    split_seed: int
    white: int  # the largest stored value of the training inputs; 0 where these are not uint8
    # Each channel (the last axis) is normalised as (value − mean) / std, both over the training examples, in units of
    # the stored values. Where zeros must stay zeros: 0, and one root mean square for all channels. Without scaling
    # 0 and 1. Token ids have none: they are no numbers.
    mean: tuple[float, ...]
    std: tuple[float, ...]
    digest: str  # SHA-256 of the training and validation examples and of mean and std
    # Of sparse inputs, over the training examples: `share_of_zeros` among all values, and `share_of_rare_words`, the
    # channels that are not zero in fewer than 1 % of the examples.
    notes: dict[str, float] = field(default_factory=dict)
    task: Task = "classification"
    scaling: Scaling = "per_channel"
    dtype: str = "uint8"  # of the stored inputs; or float32, int64
    targets: int = 0  # of a regression: numbers per example
    # With these a target was stored as (value − mean) / std, both over the training examples; empty otherwise.
    target_mean: tuple[float, ...] = ()
    target_std: tuple[float, ...] = ()

    @property
    def outputs(self) -> int:
        """How many numbers a network returns for an input, or for each of its tokens: classes, words or targets."""
        return self.targets if self.task == "regression" else len(self.classes)


def describe(learning: Path) -> Description:
    """Read the description of prepared examples.

    Raises
    ------
    Refusal
        ``not_prepared``, if there is none, or one of another version.
    """
    path = learning / DESCRIPTION
    try:
        content = files.read_json(path)
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in content.items()}
        return Description(**fields)
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        raise Refusal("not_prepared", path=path) from None


def open_part(folder: Path, part: str) -> Examples:
    """Map one part (``train``, ``validation`` or ``test``) of a data set into memory, shared by all processes."""
    return Examples(_map(folder / f"{part}_inputs.npy"), np.load(folder / f"{part}_labels.npy"))


def _map(path: Path) -> np.ndarray:
    # copy-on-write: nothing is ever written, but torch warns about read-only arrays
    array: np.ndarray = np.load(path, mmap_mode="c")
    return array
