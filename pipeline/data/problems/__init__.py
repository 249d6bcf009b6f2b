"""One file per data set, found by its name; each is a row of ``data.sets`` and defines what `DataSet` lists."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.examples import LabelledData


class DataSet(Protocol):
    """What the file of a data set defines."""

    TITLE: str  # a name for people
    DESCRIPTION: str  # one sentence on what is classified
    ARCHIVE: str | None  # the name of the archive (``pipeline.data.archives``) it is read from
    CENTRED: bool  # whether each channel is shifted to mean 0 (images), or zeros must stay zeros (counts)

    def load(self, raw: Path) -> LabelledData:
        """Return all examples; `raw` is the folder that `fetch` filled for the archive."""

    def tiny(self) -> LabelledData:
        """Return a small instance of the same shape, made offline, for tests."""


def by_name(name: str) -> DataSet:
    """Return the data set of that name, whose file was found when the settings were read."""
    return cast(DataSet, importlib.import_module(f"{__name__}.{name}"))
