"""What a problem needs before it can be trained on, and making just that: no stage, no DVC, no other problem."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipeline.data import preparing, problems, sources
from pipeline.data import settings as data_settings
from pipeline.data.archives import ARCHIVES
from pipeline.prepared import reader
from pipeline.prepared.refusal import Refusal
from pipeline.project import paths
from pipeline.project.addresses import shown
from pipeline.project.errors import DataError
from pipeline.project.wording import listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.data.settings import DataSettings
    from pipeline.prepared.reader import Description
    from pipeline.settings.study import Settings


def prepared(problem: str, settings: Settings, say: Callable[[str], None]) -> Description:
    """Return the description of a problem's prepared examples, which are fetched and prepared where they are missing.

    They are put where the stages `fetch` and `prepare` put them, by the same code.

    Parameters
    ----------
    say
        Gets a sentence on each thing that has to be made.

    Raises
    ------
    DataError
        If the problem's archive cannot be had from any source.
    """
    data = data_settings.load()
    name = settings.data_of(problem)
    known = _known(name, data)
    if known is not None:
        return known
    dataset = problems.by_name(name)
    if dataset.ARCHIVE is not None:
        _fetch(dataset.ARCHIVE, problem, settings, data, say)
    say(f"Preparing the examples of {dataset.TITLE} in {paths.learning(name)}/ and {paths.test(name)}/.")
    raw = paths.raw(dataset.ARCHIVE) if dataset.ARCHIVE else paths.RAW
    fraction = data.of(name).validation_fraction
    return preparing.prepare(
        dataset, dataset.load(raw), fraction, data.split_seed, paths.learning(name), paths.test(name)
    )


def _known(name: str, data: DataSettings) -> Description | None:
    """Return the description of examples that are there, and split as the settings say."""
    try:
        found = reader.describe(paths.learning(name))
    except Refusal:
        return None
    asked = (data.of(name).validation_fraction, data.split_seed)
    there = any(paths.test(name).glob("test_inputs*"))
    return found if there and (found.validation_fraction, found.split_seed) == asked else None


def _fetch(archive: str, problem: str, settings: Settings, data: DataSettings, say: Callable[[str], None]) -> None:
    wanted = ARCHIVES[archive]
    order = sources.sources_in_order(data.sources, os.environ)
    say(f"{problem} needs {wanted.file_name}: looking for it in {listed(map(shown, order), 'and')}.")
    try:
        origin = sources.fetch(wanted, order, paths.raw(archive), paths.DOWNLOADS)
    except DataError:
        offline = [name for name in settings.problems if problems.by_name(settings.data_of(name)).ARCHIVE is None]
        instead = f", or take --problem {offline[0]}, which needs no download" if offline else ""
        raise DataError(
            f"{problem} needs {wanted.file_name}, which none of {len(order)} sources has: put it into "
            f"{paths.DOWNLOADS}/ or set {sources.SOURCE_VARIABLE}=/path/to/{wanted.file_name}{instead}."
        ) from None
    say(f"{wanted.file_name}: {origin}.")
