"""The data of CIFAR-10 once more, for trainings that ``params.yaml`` gives more epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data.problems import cifar10

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.examples import LabelledData

TITLE = "CIFAR-10, trained longer"
DESCRIPTION = "The photographs of CIFAR-10, split in the same way and trained on for more epochs."
ARCHIVE: str | None = cifar10.ARCHIVE
CENTRED = cifar10.CENTRED


def load(raw: Path) -> LabelledData:
    """Read what `cifar10.load` reads.

    Raises
    ------
    DataError
        Where a batch is missing or is not the official one.
    """
    return cifar10.load(raw)


def tiny() -> LabelledData:
    """Make what `cifar10.tiny` makes."""
    return cifar10.tiny()
