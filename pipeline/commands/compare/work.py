"""The trainings of a comparison: which there are, which of them the memo knows, and running them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import tuning
from pipeline.project import paths
from pipeline.running import memo, merit, outputs, pool
from pipeline.running.key import code_fingerprint, key_of
from pipeline.running.planning import plan
from pipeline.running.trainings import run_study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.evaluation.assessment import Assessment
    from pipeline.prepared.reader import Description
    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.running.outputs import Choice
    from pipeline.running.settings import ExecutionSettings
    from pipeline.settings.study import MeasureName, Settings
    from pipeline.training.record import Outcome, Training
    from pipeline.tuning import Follow, Found, Trial


@dataclass(frozen=True)
class Counts:
    """How many trainings one optimizer needs if no grid must be extended, and how many of them are known."""

    total: int
    known: int


@dataclass(frozen=True)
class Work:
    """What is trained: the same for every optimizer of the settings."""

    settings: Settings  # holds the problem, the one whose search it begins from (if any), and two optimizers
    problem: str
    seeds: tuple[int, ...]  # of the final trainings
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
    def study_seeds(self) -> range:
        """All seeds that the study would use."""
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

    def finals(self, optimizer: str, learning_rate: float) -> list[Training]:
        """Return the final trainings of an optimizer on the problem."""
        data = self.digests[self.problem]
        return [
            plan("train", self.settings, optimizer, self.problem, learning_rate=learning_rate, seed=seed, data=data)
            for seed in self.seeds
        ]


class _UnfinishedError(Exception):
    """The memo does not know a whole search."""


def counts(work: Work, optimizer: str) -> Counts:
    """Look up in the memo how much of an optimizer's search and final trainings is known."""
    code, known = code_fingerprint(), 0

    def from_memo(first: Sequence[Trial], follow: Follow, likely: Callable[[], Trial | None]) -> None:
        nonlocal known
        waiting, complete = list(first), True
        while waiting:
            trial = waiting.pop()
            training = tuning.planned(optimizer, work.settings, trial, work.digests[trial.problem])
            outcome = memo.recall(paths.memo(), key_of(training, code))
            if outcome is None:
                complete = False
                continue
            known += 1
            waiting += follow(trial, outcome)
        if not complete:
            raise _UnfinishedError

    expected = tuning.expected_trials(optimizer, work.settings)
    try:
        _, choices = tuning.tune(optimizer, work.settings, from_memo)
    except _UnfinishedError:
        return Counts(max(expected, known + 1) + len(work.seeds), known)
    finals = work.finals(optimizer, choices[work.problem].learning_rate)
    there = sum(memo.place(paths.memo(), key_of(training, code)).exists() for training in finals)
    return Counts(known + len(finals), known + there)


def search(
    work: Work, optimizer: str, on_finish: Callable[[Outcome, bool], None], on_total: Callable[[int], None]
) -> Found:
    """Search an optimizer's learning rate as stage ``tune`` does."""
    return tuning.trained(optimizer, work.settings, work.execution, work.digests, on_finish, on_total)


def train(
    work: Work, rates: Mapping[str, float], on_finish: Callable[[Outcome, bool], None]
) -> dict[str, list[Outcome]]:
    """Train optimizers at their learning rates with all seeds, as stage ``train`` does; outcomes are by optimizer."""
    wanted = {optimizer: work.finals(optimizer, rate) for optimizer, rate in rates.items()}
    # seed by seed, so that both optimizers have the same seeds if it is stopped
    mixed = [training for pair in zip(*wanted.values(), strict=True) for training in pair]
    outcomes = run_study(mixed, work.settings, work.execution, on_finish)
    return {
        optimizer: [outcome for outcome in outcomes if outcome.training.optimizer == optimizer] for optimizer in wanted
    }


def metrics(
    work: Work, choices: Mapping[str, Choice], trained: Mapping[str, Sequence[Outcome]]
) -> dict[str, OptimizerMetrics]:
    """Measure and summarise what the optimizers reached, as stage ``evaluate`` does; everything is by optimizer."""
    from pipeline.evaluation import assessment, convergence
    from pipeline.evaluation.metrics import optimizer_metrics

    row = work.settings.problems[work.problem]
    labels = assessment.test_labels(paths.test(work.settings.data_of(work.problem)))
    known = work.descriptions[work.problem]
    found = {}
    for optimizer, assessed in _assess(work, trained).items():
        own = trained[optimizer]
        speed = convergence.summary(own, row.target_train_loss, row.target_validation_accuracy)
        choice = choices[optimizer]
        found[optimizer] = optimizer_metrics(
            assessed, labels, known.classes, own, choice, speed, known.task, work.measure
        )
    return found


def _assess(work: Work, trained: Mapping[str, Sequence[Outcome]]) -> dict[str, Assessment]:
    """Run the final networks on the test examples."""
    from pipeline.evaluation import assessment

    found: dict[str, Assessment] = {}
    dataset = work.settings.data_of(work.problem)
    with tempfile.TemporaryDirectory() as scratch:
        tasks = []
        examples = assessment.test_hash(paths.test(dataset))
        for optimizer, outcomes in trained.items():
            weights = Path(scratch) / f"{optimizer}.safetensors"
            outputs.write_weights(weights, outcomes)
            tasks.append(
                assessment.AssessmentTask(
                    problem=work.problem,
                    optimizer=optimizer,
                    network=work.settings.problems[work.problem].network,
                    convolution=work.settings.convolution,
                    learning=paths.learning(dataset),
                    test=paths.test(dataset),
                    examples=examples,
                    weights=weights,
                    memo=paths.memo(),
                )
            )
        pool.parallel(
            assessment.assess,
            tasks,
            work.execution.worker_count(),
            lambda task, assessed: found.update({task.optimizer: assessed}),
        )
    return found
