"""One file per data set, found by its name; each is a row of ``data.sets`` in ``params.yaml``.

A file defines

``TITLE``
    a name for people,
``DESCRIPTION``
    one sentence on what is classified,
``ARCHIVE``
    the name of the archive (``pipeline.data.archives``) it is read from, or None,
``CENTRED``
    whether each channel is shifted to mean 0 (images), or zeros must stay zeros (counts),
``load(raw: Path) -> LabelledData``
    all examples; `raw` is the folder that `fetch` filled for the archive,
``tiny() -> LabelledData``
    a small instance of the same shape, made offline, for tests.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.examples import LabelledData


class DataSet(Protocol):
    """What the file of a data set offers."""

    TITLE: str
    DESCRIPTION: str
    ARCHIVE: str | None
    CENTRED: bool

    def load(self, raw: Path) -> LabelledData:
        """Read all examples from the folder that `fetch` filled."""

    def tiny(self) -> LabelledData:
        """Make a small instance offline."""


def by_name(name: str) -> DataSet:
    """Return the data set of that name, whose file was found when the settings were read."""
    return cast(DataSet, importlib.import_module(f"{__name__}.{name}"))
