"""The final trainings of a problem -> what each optimizer reached; for stage ``evaluate`` and for ``compare``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.evaluation.assessment import AssessmentTask, test_hash
from pipeline.evaluation.metrics import optimizer_metrics, twins
from pipeline.evaluation.speed import speed as measured_speed
from pipeline.project import paths, seals
from pipeline.project.numbers import decimals
from pipeline.results.metrics import Search, SettingRecord
from pipeline.results.problems import ProblemFacts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from pipeline.evaluation.assessment import Assessment
    from pipeline.evaluation.choosing import Replicates
    from pipeline.prepared.reader import Description, Task
    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.running.outputs import Choice
    from pipeline.settings.study import MeasureName, ProblemSettings
    from pipeline.training.record import Outcome


@dataclass(frozen=True)
class Place:
    """Where the examples of a problem lie, the hash of the test examples (of `test_hash`), and the memo."""

    learning: Path
    test: Path
    examples: str
    memo: Path

    def task(self, outcomes: Sequence[Outcome], weights: Path) -> AssessmentTask:
        """Return what is to be assessed of the trainings of one optimizer, whose weights are in a file."""
        training = outcomes[0].training
        return AssessmentTask(
            problem=training.problem,
            optimizer=training.optimizer,
            network=training.network,
            convolution=training.convolution,
            learning=self.learning,
            test=self.test,
            examples=self.examples,
            weights=weights,
            keys=tuple(outcome.key for outcome in outcomes),
            memo=self.memo,
        )


def place_of(data: str) -> Place:
    """Return where the project has the examples of a data set, once they are known to be undamaged."""
    learning, test = paths.learning(data), paths.test(data)
    seals.check(learning)
    return Place(learning, test, test_hash(test), paths.memo())


@dataclass(frozen=True)
class Problem:
    """A problem with its final trainings by optimizer; `labels` are those of `assessment.test_labels`."""

    settings: ProblemSettings
    description: Description
    measure: MeasureName
    labels: np.ndarray
    trainings: Mapping[str, Replicates]

    def facts(self, data: str) -> ProblemFacts:
        """Return what its examples are; `data` is the name of its data set."""
        known = vars(self.description).items()
        measured = {field: value for field, value in known if field in ProblemFacts.model_fields}
        rest = {"title": self.settings.title or self.description.title, "data": data, "measure": self.measure}
        return ProblemFacts.model_validate({**measured, **rest})

    def metrics(
        self, assessments: Mapping[str, Assessment], choices: Mapping[str, Choice]
    ) -> dict[str, OptimizerMetrics]:
        """Return what each optimizer reached.

        Parameters
        ----------
        assessments
            By optimizer: of all its trainings, in their order.
        choices
            By optimizer: the result of its search; absent where there was none.
        """
        task, found = self.description.task, {}
        for optimizer, own in self.trainings.items():
            found[optimizer] = optimizer_metrics(
                assessments[optimizer],
                self.labels,
                self.description.classes,
                own,
                _search(own, choices.get(optimizer), task),
                measured_speed(own, self.settings.targets),
                task,
            )
        trained = {optimizer: own for optimizer, own in self.trainings.items() if not _all_diverged(own)}
        same = twins(
            {optimizer: assessments[optimizer].hashes[own.picked_places] for optimizer, own in trained.items()}
        )
        return {optimizer: one.model_copy(update={"twin_of": same.get(optimizer)}) for optimizer, one in found.items()}


def _search(own: Replicates, choice: Choice | None, task: Task) -> Search:
    """Describe a search; without one, the default learning rate stands in its place."""
    if choice is None:
        default = SettingRecord(learning_rate=own.outcomes[0].training.learning_rate)
        return Search(survivors=(default,), picked=own.picked, trials=0, on_edge=False)
    return Search(
        survivors=tuple(SettingRecord.model_validate(vars(setting)) for setting in choice.survivors),
        picked=own.picked,
        trials=choice.trials,
        on_edge=choice.on_edge,
        widened=choice.widened,
        tuned_accuracy=None if task == "regression" else decimals(choice.validation_accuracy),
        tuned_loss=decimals(choice.validation_loss),
    )


def _all_diverged(own: Replicates) -> bool:
    return all(outcome.diverged for outcome in own.picks)
