"""The trainings of a comparison: which there are, which of them the memo knows, running and measuring them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import tuning
from pipeline.commands.run.remaining import Finished, expected_finals, replayed
from pipeline.project import paths
from pipeline.running import merit, outputs, pool
from pipeline.running.planning import with_every_seed
from pipeline.running.trainings import run_study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.evaluation.assessment import Assessment
    from pipeline.evaluation.measuring import Problem
    from pipeline.prepared.reader import Description
    from pipeline.running.outputs import Choice
    from pipeline.running.settings import ExecutionSettings
    from pipeline.settings.study import MeasureName, Settings
    from pipeline.training.record import Outcome, Training
    from pipeline.tuning import Found


@dataclass(frozen=True)
class Counts:
    """How many trainings one optimizer needs if no range must be widened, and how many of them are known."""

    trials: int
    finals: int
    known: int

    @property
    def total(self) -> int:
        """All of its trainings."""
        return self.trials + self.finals


@dataclass(frozen=True)
class Work:
    """What is trained: the same for every optimizer of the settings."""

    settings: Settings  # holds the problem, the one that it is tuned on (if any), and two optimizers
    problem: str
    descriptions: Mapping[str, Description]  # by problem
    execution: ExecutionSettings

    @property
    def title(self) -> str:
        """The problem's name for people."""
        return self.settings.problems[self.problem].title or self.descriptions[self.problem].title

    @property
    def measure(self) -> MeasureName:
        """What the problem is judged by."""
        return merit.measure_of(self.descriptions[self.problem].task, self.settings.problems[self.problem])

    @property
    def searched(self) -> str:
        """The problem on which the settings are searched."""
        return self.settings.problems[self.problem].tuned_on or self.problem

    @property
    def seeds(self) -> range:
        """The seeds of the final trainings."""
        return self.settings.seeds(self.problem)

    @property
    def steps(self) -> int:
        """The optimizer steps of one training on the problem."""
        row = self.settings.problems[self.problem]
        return row.epochs * (self.descriptions[self.problem].counts["train"] // row.batch_size)

    @property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of the prepared examples, by problem."""
        return {name: found.digest for name, found in self.descriptions.items()}

    def finals(self, optimizer: str, choice: Choice) -> list[Training]:
        """Return the final trainings of an optimizer on the problem: every survivor with every seed."""
        data = self.digests[self.problem]
        return with_every_seed(self.settings, optimizer, self.problem, choice.survivors, data)


def counts(work: Work, optimizer: str) -> Counts:
    """Look up in the memo how much of an optimizer's search and final trainings is known."""
    finished = Finished(paths.memo())
    replay = replayed(optimizer, work.settings, work.digests, finished)
    if not replay.choices:
        expected = tuning.expected_trials(optimizer, work.settings)
        return Counts(max(expected, replay.known + 1), expected_finals(work.problem, work.settings), replay.known)
    finals = work.finals(optimizer, replay.choices[work.searched])
    return Counts(replay.known, len(finals), replay.known + sum(map(finished.holds, finals)))


def search(
    work: Work, optimizer: str, on_finish: Callable[[Outcome, bool], None], on_total: Callable[[int], None]
) -> Found:
    """Search an optimizer's settings as stage ``tune`` does."""
    return tuning.trained(optimizer, work.settings, work.execution, work.digests, on_finish, on_total)


def train(
    work: Work, finals: Mapping[str, Sequence[Training]], on_finish: Callable[[Outcome, bool], None]
) -> dict[str, list[Outcome]]:
    """Finish the final trainings of all optimizers, as stage ``train`` does; everything is by optimizer."""
    # seed by seed, so that both optimizers have the same seeds if it is stopped
    mixed = sorted((training for own in finals.values() for training in own), key=lambda training: training.seed)
    outcomes = run_study(mixed, work.settings, work.execution, on_finish)
    return {name: [outcome for outcome in outcomes if outcome.training.optimizer == name] for name in finals}


@dataclass(frozen=True)
class Measured:
    """The final trainings, and what their networks do on the test examples, by optimizer."""

    problem: Problem
    assessments: Mapping[str, Assessment]


def measured(work: Work, trained: Mapping[str, Sequence[Outcome]], memo: Path | None = None) -> Measured:
    """Run the final networks on the test examples, as stage ``evaluate`` does; everything is by optimizer.

    `memo` keeps what was measured; the project's own if None.
    """
    from pipeline.evaluation import assessment
    from pipeline.evaluation.choosing import Replicates
    from pipeline.evaluation.measuring import Problem, place_of

    data, found = work.settings.data_of(work.problem), {}
    place = replace(place_of(data), memo=memo or paths.memo())
    with tempfile.TemporaryDirectory() as scratch:
        tasks = []
        for optimizer, outcomes in trained.items():
            weights = Path(scratch) / f"{optimizer}.safetensors"
            outputs.write_weights(weights, outcomes)
            tasks.append(place.task(outcomes, weights))
        pool.parallel(
            assessment.assess,
            tasks,
            work.execution.worker_count(),
            lambda task, assessed: found.update({task.optimizer: assessed}),
        )
    problem = Problem(
        settings=work.settings.problems[work.problem],
        description=work.descriptions[work.problem],
        measure=work.measure,
        labels=assessment.test_labels(place.test),
        trainings={name: Replicates(outcomes, work.measure) for name, outcomes in trained.items()},
    )
    return Measured(problem, found)
