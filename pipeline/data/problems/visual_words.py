"""CIFAR-10 as sparse counts of visual words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data import bags
from pipeline.data.problems import cifar10

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.examples import LabelledData

TITLE = "Visual words"
DESCRIPTION = "CIFAR-10 as sparse counts: which of 2,000 learned words the 49 patches of each photograph resemble."
ARCHIVE: str | None = cifar10.ARCHIVE
SCALING = "common"

RECIPE = bags.Recipe(side=6, stride=4, words=2000, softening=60, images=10_000)
# few images have too few patches for many words
_TINY = bags.Recipe(side=6, stride=4, words=200, softening=60, images=200)


def load(raw: Path) -> LabelledData:
    """Learn a dictionary on 10,000 training images, and count its words: uint8 (n, 1, 1, 2000)."""
    return bags.as_bags(cifar10.load(raw), RECIPE)


def tiny() -> LabelledData:
    """Count 200 words in the 500 images that `cifar10.tiny` makes."""
    return bags.as_bags(cifar10.tiny(), _TINY)
