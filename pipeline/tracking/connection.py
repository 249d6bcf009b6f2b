"""A tracker for this project: its data, its warnings, its switch."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.settings.spaces import LEARNING_RATE
from pipeline.tracking import DataSet, Tracker, silence

if TYPE_CHECKING:
    from pipeline.settings.study import Settings

TRACKING, LATER = "PIPELINE_TRACKING", "later"


def datasets(settings: Settings) -> dict[str, DataSet]:
    """Describe the data of all problems for MLflow."""
    return {name: _dataset(name, settings) for name in settings.study}


def _dataset(name: str, settings: Settings) -> DataSet:
    learning = paths.learning(settings.data_of(name))
    description = reader.describe(learning)
    return DataSet(
        problem=name,
        title=settings.problems[name].title or description.title,
        description=description.description,
        digest=paths.dvc_hash(learning) or description.digest[:32],
        source=str(learning),
        shape=description.shape,
        classes=description.classes,
        counts=description.counts,
    )


def searched(settings: Settings) -> dict[str, list[str]]:
    """Return the names of the arguments that each optimizer's search varies beside the learning rate."""
    return {name: [one for one in row.search if one != LEARNING_RATE] for name, row in settings.optimizers.items()}


def tracker(settings: Settings) -> Tracker:
    """Return a tracker of the settings' problems, which connects to MLflow when it is first used.

    With the environment variable ``PIPELINE_TRACKING=later``, nothing is recorded now: `make ui` fills it in.
    """
    found = Tracker(datasets(settings), _goes_on, searched(settings))
    found.usable = os.environ.get(TRACKING) != LATER and not silence.holds()
    return found


def _goes_on(text: str) -> None:
    print(f"warning: {text} The study goes on without it; `make ui` fills the runs in later.", file=sys.stderr)
    # a store that is down or slow would cost every stage its time again
    silence.keep()
