"""How long a study will take on this machine: a few measured steps of each kind, times the steps still to do."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pipeline.evaluation.assessment import TRAIN_SAMPLE
from pipeline.project.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.commands.run.flow import Flow
    from pipeline.commands.run.remaining import Remaining
    from pipeline.cost import Measurement, TimingTask
    from pipeline.prepared.reader import Description
    from pipeline.settings.study import ProblemSettings

# By problem and optimizer: the seconds of a training step
StepSeconds = dict[tuple[str, str], float]

# A network's answer alone, compared with a whole training step on as many examples
_ANSWER = 1 / 3
# Seconds of a stage beside its trainings and the start of its process: DVC's own work; and what else it computes
_ANY_STAGE = 2.0
_OF_STAGE = {"prepare": 3.0, "compare": 15.0, "report": 8.0}
# Enough for a number of minutes; stage `cost` measures thoroughly
_ROUNDS, _STEPS = 3, 3


@dataclass(frozen=True)
class Duration:
    """How long the stages of a study will take; those that are up to date are not among them."""

    seconds: Mapping[str, float] = field(default_factory=dict)  # by stage, such as ``tune@adam``
    trainings: int = 0  # still to do
    workers: int = 1

    @property
    def total(self) -> float:
        """The seconds of all stages."""
        return sum(self.seconds.values())

    def __str__(self) -> str:
        if not self.trainings:
            return f"All trainings are done; the rest takes {about(self.total)}."
        workers = counted(self.workers, "worker")
        return f"{counted(self.trainings, 'training')} to do here: {about(self.total)} with {workers}."


def about(seconds: float) -> str:
    """Return ``about 40 minutes``, or ``less than a minute``."""
    minutes = round(seconds / 60)
    return f"about {counted(minutes, 'minute')}" if minutes else "less than a minute"


def estimate(folder: Path, flow: Flow, asked: float) -> Duration:
    """Estimate a study in the current folder, whose examples are prepared; `folder` is the memo.

    To be called in a process of its own: it imports torch. Since `asked` (`time.time()`) that process has started, as
    one does for every stage.
    """
    from pipeline import cost
    from pipeline.commands.run.remaining import remaining
    from pipeline.prepared import reader
    from pipeline.project import paths
    from pipeline.running import pool
    from pipeline.running import settings as execution_settings
    from pipeline.settings import loading

    start = time.time() - asked
    settings, workers = loading.load(), execution_settings.load().worker_count()
    described = {name: reader.describe(paths.learning(settings.data_of(name))) for name in settings.study}
    work = remaining(settings, {name: found.digest for name, found in described.items()}, folder, flow)
    tasks = cost.timing_tasks(settings) if work or "cost" in flow.stale else []
    steps: StepSeconds = {}

    def keep(task: TimingTask, measured: Measurement) -> None:
        for name, timing in measured.optimizers.items():
            steps.update({(problem, name): float(np.median(timing.steps)) for problem in task.problems})

    # as many at once as in the study, for they slow each other down
    quick = [replace(task, rounds=_ROUNDS, steps=_STEPS) for task in tasks]
    pool.parallel(cost.measure, quick, workers, keep, lambda _: "the estimate of the study's time")
    seconds = by_stage(settings.problems, described, work, steps, workers)
    if "cost" in flow.stale:
        turns = cost.ROUNDS * cost.STEPS
        seconds["cost"] = turns * sum(steps[task.problems[0], name] for task in tasks for name in task.rows)
    return Duration(with_starts(seconds, flow, start), sum(one.trainings for one in work), workers)


def by_stage(
    problems: Mapping[str, ProblemSettings],
    described: Mapping[str, Description],
    work: Iterable[Remaining],
    steps: StepSeconds,
    workers: int,
) -> dict[str, float]:
    """Return the seconds of all trainings by stage, and of the look at their networks in ``evaluate``."""
    seconds: dict[str, float] = defaultdict(float)
    for one in work:
        row, data = problems[one.problem], described[one.problem]
        an_example = steps[one.problem, one.optimizer] / row.batch_size
        seconds[one.stage] += one.trainings * an_example * _examples_of_training(row, data) / workers
        if one.stage.startswith("train@"):
            seconds["evaluate"] += one.trainings * an_example * _examples_of_assessment(data) / workers
    return dict(seconds)


def with_starts(seconds: Mapping[str, float], flow: Flow, start: float) -> dict[str, float]:
    """Add what every stage that runs takes beside its trainings; `start` seconds until its process can begin."""
    names = dict.fromkeys([*(name for name in flow.stages if name in flow.stale), *seconds])
    beside = start + _ANY_STAGE
    return {name: seconds.get(name, 0) + beside + _OF_STAGE.get(name.partition("@")[0], 0) for name in names}


def _examples_of_training(row: ProblemSettings, data: Description) -> float:
    """Return how many training examples take as long as a training with all its validations."""
    steps = row.epochs * (data.counts["train"] // row.batch_size)
    validations = math.ceil(row.epochs * row.validations_per_epoch)
    return steps * row.batch_size + validations * data.counts["validation"] * _ANSWER


def _examples_of_assessment(data: Description) -> float:
    sample = TRAIN_SAMPLE // (data.shape[0] if data.task == "next_token" else 1)
    return (data.counts["test"] + min(data.counts["train"], sample)) * _ANSWER
