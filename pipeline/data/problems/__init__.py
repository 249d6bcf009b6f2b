"""One file a problem, found by its name.

A problem file defines

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
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

from pipeline.project.errors import SettingsError
from pipeline.project.wording import closest

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.examples import LabelledData


class DataSet(Protocol):
    """What a problem file offers."""

    TITLE: str
    DESCRIPTION: str
    ARCHIVE: str | None
    CENTRED: bool

    def load(self, raw: Path) -> LabelledData:
        """Read all examples from the folder that `fetch` filled."""

    def tiny(self) -> LabelledData:
        """Make a small instance offline."""


def names() -> list[str]:
    """Return the names of all problem files, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def by_name(name: str) -> DataSet:
    """Return the problem of that name.

    Raises
    ------
    SettingsError
        Where there is no such file.
    """
    if name not in names():
        raise SettingsError(f"params.yaml: problems.{name}: no such problem{closest(name, names())}.")
    return cast(DataSet, importlib.import_module(f"{__name__}.{name}"))
