"""Handwritten digits, bundled with scikit-learn (Alpaydin & Kaynak, UCI repository, 1998)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.data.splits import stratified
from pipeline.prepared.examples import Examples, LabelledData

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "Handwritten digits"
DESCRIPTION = "1,797 grey images of 8 × 8 pixels of the digits 0 to 9; needs no download."
ARCHIVE: str | None = None
SCALING = "per_channel"


def load(raw: Path) -> LabelledData:
    """Read scikit-learn's copy: 1,437 training and 360 test images, uint8 (n, 8, 8, 1), values 0 to 16."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    examples = Examples(bunch.images[..., np.newaxis].astype(np.uint8), bunch.target.astype(np.int64))
    # the bundled file has no test part of its own: a fifth, chosen once and for all
    train, test = stratified(examples.labels, fraction=0.2, seed=20200)
    return LabelledData(examples.take(train), examples.take(test), tuple(str(digit) for digit in range(10)))


def tiny() -> LabelledData:
    """Return every sixth of the digits."""
    from pathlib import Path

    whole = load(Path())
    train, test = (part.take(np.arange(0, len(part), 6)) for part in (whole.train, whole.test))
    return LabelledData(train, test, whole.classes)
