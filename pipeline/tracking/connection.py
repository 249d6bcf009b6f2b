"""The store of this project, connected to in the background."""

from __future__ import annotations

import os
import sys
import threading
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
    """Connect to MLflow in the background: its import takes as long as a small training.

    With the environment variable ``PIPELINE_TRACKING=later``, nothing is recorded now: `make ui` fills it in.
    """
    connected = Tracker(datasets(settings), warn=lambda text: print(f"warning: {text}", file=sys.stderr))
    if os.environ.get(TRACKING) == LATER:
        connected.usable = False
        return connected
    threading.Thread(target=connected.connect, daemon=True).start()
    return connected
