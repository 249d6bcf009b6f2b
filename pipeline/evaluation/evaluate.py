"""The work of stage ``evaluate``: every optimizer on every problem, as files of ``results/``, and the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.console.progress import progress
from pipeline.evaluation import assessment, champion, choosing, curves, listings
from pipeline.evaluation.assessment import Assessment, AssessmentTask
from pipeline.evaluation.choosing import Replicates
from pipeline.evaluation.metrics import confusion_rows, optimizer_metrics, per_class_rows, tabled, twins
from pipeline.evaluation.speed import speed as measured_speed
from pipeline.prepared import reader
from pipeline.project import environment, paths
from pipeline.project.numbers import decimals
from pipeline.results import tables
from pipeline.results.champions import ChampionRecord, Champions
from pipeline.results.environment import Environment
from pipeline.results.metrics import Metrics, OptimizerMetrics, Search, SettingRecord
from pipeline.results.problems import ProblemFacts, Problems
from pipeline.running import merit, outputs, pool

if TYPE_CHECKING:
    import numpy as np

    from pipeline.prepared.reader import Description, Task
    from pipeline.running.outputs import Choice
    from pipeline.settings.study import MeasureName, ProblemSettings, Settings
    from pipeline.training.record import Outcome

ProblemAndOptimizer = tuple[str, str]


@dataclass(frozen=True)
class _Problem:
    """A problem with its final trainings by optimizer."""

    settings: ProblemSettings
    description: Description
    measure: MeasureName
    labels: np.ndarray
    trainings: dict[str, Replicates]
    champion: Outcome


def evaluate(settings: Settings, workers: int) -> None:
    """Evaluate all networks of the settings' study in `workers` processes; write the results and the champion."""
    choices = _choices(settings)
    problems = _problems(settings)
    assessments = _assess_all(settings, problems, workers)
    metrics = {name: _metrics(name, problem, choices, assessments) for name, problem in problems.items()}
    Metrics(problems=metrics).write()
    _write_class_tables(problems, metrics, assessments)
    trials = [trial for name in settings.optimizers for trial in outputs.read_trials(name)]
    picks = {(name, optimizer): own.picks for name, p in problems.items() for optimizer, own in p.trainings.items()}
    tables.SEARCHES.write(listings.searches(trials, choices, settings.optimizers))
    tables.RUNS.write(listings.runs(picks, metrics))
    tables.TRAINING_CURVES.write(curves.training_curves(pick for own in picks.values() for pick in own))
    Problems(problems={name: _facts(settings, name, problem) for name, problem in problems.items()}).write()
    Environment.model_validate(environment.describe()).write()
    records = {name: _record(problem.champion, settings) for name, problem in problems.items()}
    Champions(problems=records).write()
    best = problems[settings.main_problem]
    training = best.champion.training
    weights = outputs.read_weights(training.optimizer, training.problem)[best.champion.key]
    champion.write(paths.CHAMPION_WEIGHTS, records[training.problem], best.description, weights)


def _choices(settings: Settings) -> dict[ProblemAndOptimizer, Choice]:
    """Read the results of all searches, problem by problem."""
    own = {name: outputs.read_choices(name, settings.searched_problems_of(name)) for name in settings.optimizers}
    return {(problem, name): own[name][problem] for problem in settings.study for name in own if problem in own[name]}


def _problems(settings: Settings) -> dict[str, _Problem]:
    everything = {name: outputs.read_trainings(name) for name in settings.optimizers}
    found = {}
    for name in settings.study:
        problem = settings.problems[name]
        description = reader.describe(paths.learning(settings.data_of(name)))
        measure = merit.measure_of(description.task, problem)
        trainings = {
            optimizer: Replicates([one for one in everything[optimizer] if one.training.problem == name], measure)
            for optimizer in settings.roster(name)
        }
        found[name] = _Problem(
            settings=problem,
            description=description,
            measure=measure,
            labels=assessment.test_labels(paths.test(settings.data_of(name))),
            trainings=trainings,
            champion=choosing.champion((pick for own in trainings.values() for pick in own.picks), measure),
        )
    return found


def _assess_all(
    settings: Settings, problems: dict[str, _Problem], workers: int
) -> dict[ProblemAndOptimizer, Assessment]:
    # once for each data set, not once for each optimizer and problem
    hashes = {data: assessment.test_hash(paths.test(data)) for data in map(settings.data_of, problems)}
    tasks = [
        AssessmentTask(
            problem=name,
            optimizer=optimizer,
            network=problem.settings.network,
            convolution=settings.convolution,
            learning=paths.learning(settings.data_of(name)),
            test=paths.test(settings.data_of(name)),
            examples=hashes[settings.data_of(name)],
            weights=paths.weights(optimizer, name),
            keys=tuple(outcome.key for outcome in own.outcomes),
            memo=paths.memo(),
        )
        for name, problem in problems.items()
        for optimizer, own in problem.trainings.items()
    ]
    found: dict[ProblemAndOptimizer, Assessment] = {}
    with progress("evaluate", len(tasks), "optimizers") as bar:

        def keep(task: AssessmentTask, assessed: Assessment) -> None:
            found[task.problem, task.optimizer] = assessed
            bar.advance(note=f"{task.optimizer} on {task.problem}")

        pool.parallel(assessment.assess, tasks, workers, keep)
    return found


def _metrics(
    name: str,
    problem: _Problem,
    choices: dict[ProblemAndOptimizer, Choice],
    assessments: dict[ProblemAndOptimizer, Assessment],
) -> dict[str, OptimizerMetrics]:
    classes, task = problem.description.classes, problem.description.task
    found = {}
    for optimizer, own in problem.trainings.items():
        choice = choices.get((problem.settings.tuned_on or name, optimizer))
        assessed, speed = assessments[name, optimizer], measured_speed(own, problem.settings.targets)
        search = _search(own, choice, task)
        found[optimizer] = optimizer_metrics(assessed, problem.labels, classes, own, search, speed, task)
    trained = {optimizer: own for optimizer, own in problem.trainings.items() if not _all_diverged(own)}
    hashes = {optimizer: assessments[name, optimizer].hashes[own.picked_places] for optimizer, own in trained.items()}
    same = twins(hashes)
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


def _write_class_tables(
    problems: dict[str, _Problem],
    metrics: dict[str, dict[str, OptimizerMetrics]],
    assessments: dict[ProblemAndOptimizer, Assessment],
) -> None:
    """Write the accuracy of each class, and the confusion matrix of each champion, where a problem has classes."""
    per_class: list[dict[str, Any]] = []
    confusion: list[dict[str, Any]] = []
    for name, problem in problems.items():
        classes = tabled(problem.description.classes, problem.description.task)
        if not classes:
            continue
        for optimizer, found in metrics[name].items():
            rows = per_class_rows(found.per_class, problem.labels)
            per_class += [{"problem": name, "optimizer": optimizer, **row} for row in rows]
        best = problem.champion.training.optimizer
        place = problem.trainings[best].outcomes.index(problem.champion)
        rows = confusion_rows(assessments[name, best].predictions[place], problem.labels, classes)
        confusion += [{"problem": name, **row} for row in rows]
    tables.PER_CLASS.write(pd.DataFrame(per_class, columns=list(tables.PER_CLASS.columns)))
    tables.CONFUSION.write(pd.DataFrame(confusion, columns=list(tables.CONFUSION.columns)))


def _facts(settings: Settings, name: str, problem: _Problem) -> ProblemFacts:
    known = vars(problem.description).items()
    measured = {field: value for field, value in known if field in ProblemFacts.model_fields}
    title = problem.settings.title or problem.description.title
    rest = {"title": title, "data": settings.data_of(name), "measure": problem.measure}
    return ProblemFacts.model_validate({**measured, **rest})


def _record(champion: Outcome, settings: Settings) -> ChampionRecord:
    who = {field: value for field, value in vars(champion.training).items() if field in ChampionRecord.model_fields}
    label = settings.optimizers[champion.training.optimizer].label
    reached = {"validation_accuracy": merit.accuracy(champion), "validation_loss": champion.last.validation_loss}
    return ChampionRecord.model_validate({**who, "label": label, **reached, "key": champion.key})
