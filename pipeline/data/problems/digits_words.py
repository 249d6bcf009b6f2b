"""Handwritten digits as sparse counts of visual words: the sparse path without a download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.data import bags
from pipeline.data.problems import digits

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.examples import LabelledData

TITLE = "Words of digits"
DESCRIPTION = "Handwritten digits as sparse counts: which of 200 learned words the 25 patches of each image resemble."
ARCHIVE: str | None = digits.ARCHIVE
SCALING = "common"

_RECIPE = bags.Recipe(side=4, stride=1, words=200, softening=4, images=1000)


def load(raw: Path) -> LabelledData:
    """Learn a dictionary on 1,000 training images, and count its words: uint8 (n, 1, 1, 200)."""
    return bags.as_bags(digits.load(raw), _RECIPE)


def tiny() -> LabelledData:
    """Count words in every sixth of the digits."""
    return bags.as_bags(digits.tiny(), _RECIPE)
