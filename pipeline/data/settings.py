"""The section ``data`` of ``params.yaml``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from pipeline.data.archives import ARCHIVES
from pipeline.project.errors import SettingsError
from pipeline.project.paths import PARAMS
from pipeline.project.wording import closest
from pipeline.settings import loading
from pipeline.settings.section import Name, Section, Seed

if TYPE_CHECKING:
    from pipeline.settings.study import Settings


def _has_a_file(name: str) -> str:
    # by name: an import would make every stage depend on what the files of the folder import
    known = importlib.import_module("pipeline.data.problems").names()
    if name not in known:
        raise ValueError(f"there is no pipeline/data/problems/{name}.py{closest(name, known)}")
    return name


def _is_published(name: str) -> str:
    if name not in ARCHIVES:
        raise ValueError(f"there is no archive {name!r}{closest(name, ARCHIVES)}")
    return name


class DataSetSettings(Section):
    """One row of ``data.sets``; a share of its published training examples is set aside for validation."""

    validation_fraction: Annotated[float, Field(gt=0, lt=1, strict=True)]


class DataSettings(Section):
    """Where data comes from and how it is split."""

    split_seed: Seed
    # by name: files in ``pipeline/data/problems/``
    sets: Annotated[dict[Annotated[Name, AfterValidator(_has_a_file)], DataSetSettings], Field(min_length=1)]
    archives: tuple[Annotated[Name, AfterValidator(_is_published)], ...]
    sources: tuple[Annotated[str, Field(min_length=1)], ...]  # folders, archive files and URLs, tried in this order

    def of(self, name: str) -> DataSetSettings:
        """Return one row of ``data.sets``; a `SettingsError` where there is none."""
        if name not in self.sets:
            raise SettingsError(f"{PARAMS}: data.sets.{name}: there is no such row{closest(name, self.sets)}.")
        return self.sets[name]

    def check_against(self, settings: Settings) -> None:
        """Check that the data set of every problem has a row; see `Section.check_against`."""
        for problem in settings.problems:
            if (name := settings.data_of(problem)) not in self.sets:
                wanted = f"which problems.{problem} is about"
                raise ValueError(f"sets: there is no row {name!r}, {wanted}{closest(name, self.sets)}")


def load() -> DataSettings:
    """Read the section of ``params.yaml``; see `loading.section`."""
    return loading.section("data", DataSettings)
