"""What watches a stage at work: the bar on the terminal, the log of times, MLflow. No result depends on it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.console.progress import progress
from pipeline.console.timing import stage_time
from pipeline.running.planning import name_of, short_name
from pipeline.tracking import connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.console.progress import Progress
    from pipeline.console.timing import StageTime
    from pipeline.settings.study import Settings
    from pipeline.tracking.tracker import Tracker
    from pipeline.training.record import Outcome


@dataclass(frozen=True)
class Observer:
    """Told every outcome as it comes."""

    bar: Progress
    tracker: Tracker
    spent: StageTime

    def finished(self, outcome: Outcome, fresh: bool) -> None:
        """Show and record an outcome; `fresh`: it was trained now and did not come from the memo."""
        if fresh:
            self.spent.training_seconds += outcome.seconds
            self.spent.trainings += 1
        if outcome.diverged:
            self.bar.say(f"{name_of(outcome.training)} diverged at step {outcome.diverged_at}")
        self.tracker.sync([outcome])
        self.bar.advance(note=short_name(outcome.training))


@contextmanager
def observed(stage: str, optimizer: str, expected: int, settings: Settings, workers: int) -> Iterator[Observer]:
    """Watch the trainings of a stage's optimizer inside the block."""
    with (
        stage_time(f"{stage}@{optimizer}") as spent,
        progress(f"{stage} {optimizer}", expected, "trainings") as bar,
    ):
        spent.workers = workers
        yield Observer(bar, connection.tracker(settings), spent)
