"""Watches a stage at work: the bar on the terminal, the log of times, MLflow. No result depends on it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline.console.progress import progress
from pipeline.console.timing import stage_time
from pipeline.project.wording import counted
from pipeline.running.planning import name_of, short_name
from pipeline.tracking import connection
from pipeline.tracking.runs import Runs
from pipeline.tracking.writer import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.console.progress import Progress
    from pipeline.console.timing import StageTime
    from pipeline.settings.study import Settings
    from pipeline.tracking.writer import Writer
    from pipeline.training.record import Outcome


@dataclass(frozen=True)
class Observer:
    """Watches the trainings of one optimizer; made by `observed`."""

    bar: Progress
    writer: Writer
    spent: StageTime

    def finished(self, outcome: Outcome, fresh: bool) -> None:
        """Show and record an outcome, without waiting for MLflow; `fresh`: it does not come from the memo."""
        if fresh:
            self.spent.training_seconds += outcome.seconds
            self.spent.trainings += 1
        if outcome.diverged:
            self.bar.say(f"{name_of(outcome.training)} diverged at step {outcome.diverged_at}")
        self.writer.submit(partial(Runs.write_missing, outcome=outcome))
        self.bar.advance(note=short_name(outcome.training))


@contextmanager
def observed(stage: str, optimizer: str, expected: int, settings: Settings, workers: int) -> Iterator[Observer]:
    """Watch the trainings of a stage's optimizer inside the block; `workers` (processes) is for the log."""
    tracker = connection.tracker(settings)
    with (
        writing(tracker) as writer,
        stage_time(f"{stage}@{optimizer}") as spent,
        progress(f"{stage} {optimizer}", expected, "trainings") as bar,
    ):
        spent.workers = workers
        bar.begin(f"starting {counted(workers, 'worker')}")
        yield Observer(bar, writer, spent)
    where = (tracker.where(problem, optimizer) for problem in settings.problems_of(optimizer))
    if first := next((place for place in where if place), None):
        print(first)
