"""A tracker for this project: its data, its warnings, its switch."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.results.problems import Problems
from pipeline.running import merit
from pipeline.settings.spaces import LEARNING_RATE
from pipeline.tracking import DataSet, Tracker, silence

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.reader import Description
    from pipeline.results.problems import ProblemFacts
    from pipeline.settings.study import Settings

TRACKING, LATER = "PIPELINE_TRACKING", "later"


def datasets(settings: Settings) -> dict[str, DataSet]:
    """Describe the data of all problems for MLflow."""
    return {name: _dataset(name, settings) for name in settings.study}


def _dataset(name: str, settings: Settings) -> DataSet:
    learning = paths.learning(settings.data_of(name))
    found, digest = _described(name, learning)
    return DataSet(
        problem=name,
        title=settings.problems[name].title or found.title,
        description=found.description,
        digest=paths.dvc_hash(learning) or digest[:32],
        source=str(learning),
        shape=found.shape,
        classes=found.classes,
        counts=found.counts,
        measure=merit.measure_of(found.task, settings.problems[name]),
    )


def _described(name: str, learning: Path) -> tuple[Description | ProblemFacts, str]:
    """Return what a problem's examples are, and their digest; a fresh clone has results, but no examples."""
    results = None if learning.exists() else Problems.read_if_there()
    if results and name in results.problems:
        return results.problems[name], "not in this clone"
    description = reader.describe(learning)
    return description, description.digest


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
