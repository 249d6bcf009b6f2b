"""A tracker for this project: its data, its warnings, its switch."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pipeline.data import problems
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.tracking import DataSet, Tracker

if TYPE_CHECKING:
    from pipeline.settings.study import Settings

TRACKING, LATER = "PIPELINE_TRACKING", "later"


def datasets(settings: Settings) -> dict[str, DataSet]:
    """Describe the data of all problems for MLflow."""
    return {name: _dataset(name) for name in settings.problems}


def _dataset(name: str) -> DataSet:
    problem, description = problems.by_name(name), reader.describe(paths.learning(name))
    return DataSet(
        problem=name,
        title=problem.TITLE,
        description=problem.DESCRIPTION,
        digest=paths.dvc_hash(paths.learning(name)) or description.digest[:32],
        source=str(paths.learning(name)),
        shape=description.shape,
        classes=description.classes,
        counts=description.counts,
    )


def tracker(settings: Settings) -> Tracker:
    """Return a tracker of the settings' problems, which connects to MLflow when it is first used.

    With the environment variable ``PIPELINE_TRACKING=later``, nothing is recorded now: `make ui` fills it in.
    """
    found = Tracker(datasets(settings), warn=lambda text: print(f"warning: {text}", file=sys.stderr))
    found.usable = os.environ.get(TRACKING) != LATER
    return found
