"""The work of stage ``evaluate``: every optimizer on every problem, as files of ``results/``, and the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.console.progress import progress
from pipeline.evaluation import assessment, champion, choosing, convergence, curves
from pipeline.evaluation.assessment import Assessment, AssessmentTask
from pipeline.evaluation.metrics import confusion_rows, optimizer_metrics, per_class_rows, tabled
from pipeline.prepared import reader
from pipeline.project import environment, paths
from pipeline.results import tables
from pipeline.results.champions import ChampionRecord, Champions
from pipeline.results.environment import Environment
from pipeline.results.metrics import Metrics, OptimizerMetrics
from pipeline.results.problems import ProblemFacts, Problems
from pipeline.running import merit, outputs, pool

if TYPE_CHECKING:
    import numpy as np

    from pipeline.prepared.reader import Description
    from pipeline.running.outputs import Choice
    from pipeline.settings.study import MeasureName, ProblemSettings, Settings
    from pipeline.training.record import Outcome

ProblemAndOptimizer = tuple[str, str]


@dataclass(frozen=True)
class _Problem:
    """A problem with its trainings: by optimizer, in the order of the seeds."""

    settings: ProblemSettings
    description: Description
    measure: MeasureName
    labels: np.ndarray
    trainings: dict[str, list[Outcome]]
    champion: Outcome


def evaluate(settings: Settings, workers: int) -> None:
    """Evaluate all networks of the settings' roster in `workers` processes; write the results and the champion."""
    choices = {
        (problem, name): choice
        for name in settings.optimizers
        for problem, choice in outputs.read_choices(name, settings.problems_of(name)).items()
    }
    problems = _problems(settings)
    assessments = _assess_all(settings, workers)
    metrics = {
        name: {
            optimizer: _metrics(problem, own, choices[name, optimizer], assessments[name, optimizer])
            for optimizer, own in problem.trainings.items()
        }
        for name, problem in problems.items()
    }
    Metrics(problems=metrics).write()
    _write_tables(settings, problems, metrics, choices, assessments)
    Problems(problems={name: _facts(settings, name, problem) for name, problem in problems.items()}).write()
    Environment.model_validate(environment.describe()).write()
    records = {name: _record(problem.champion, settings) for name, problem in problems.items()}
    Champions(problems=records).write()
    best = problems[settings.main_problem]
    training = best.champion.training
    weights = outputs.read_weights(training.optimizer, training.problem)[training.seed]
    champion.write(paths.CHAMPION_WEIGHTS, records[training.problem], best.description, weights)


def _problems(settings: Settings) -> dict[str, _Problem]:
    everything = {name: outputs.read_trainings(name) for name in settings.optimizers}
    found = {}
    for name, problem in settings.problems.items():
        trainings = {
            optimizer: [outcome for outcome in everything[optimizer] if outcome.training.problem == name]
            for optimizer in settings.roster(name)
        }
        description = reader.describe(paths.learning(settings.data_of(name)))
        measure = merit.measure_of(description.task, problem)
        found[name] = _Problem(
            settings=problem,
            description=description,
            measure=measure,
            labels=assessment.test_labels(paths.test(settings.data_of(name))),
            trainings=trainings,
            champion=choosing.champion((outcome for own in trainings.values() for outcome in own), measure),
        )
    return found


def _assess_all(settings: Settings, workers: int) -> dict[ProblemAndOptimizer, Assessment]:
    # once for each data set, not once for each optimizer and problem
    hashes = {data: assessment.test_hash(paths.test(data)) for data in map(settings.data_of, settings.problems)}
    tasks = [
        AssessmentTask(
            problem=problem,
            optimizer=name,
            network=problem_settings.network,
            convolution=settings.convolution,
            learning=paths.learning(settings.data_of(problem)),
            test=paths.test(settings.data_of(problem)),
            examples=hashes[settings.data_of(problem)],
            weights=paths.weights(name, problem),
            memo=paths.memo(),
        )
        for problem, problem_settings in settings.problems.items()
        for name in settings.roster(problem)
    ]
    found: dict[ProblemAndOptimizer, Assessment] = {}
    with progress("evaluate", len(tasks), "optimizers") as bar:

        def keep(task: AssessmentTask, assessed: Assessment) -> None:
            found[task.problem, task.optimizer] = assessed
            bar.advance(note=f"{task.optimizer} on {task.problem}")

        pool.parallel(assessment.assess, tasks, workers, keep)
    return found


def _metrics(problem: _Problem, own: list[Outcome], choice: Choice, assessed: Assessment) -> OptimizerMetrics:
    targets = (problem.settings.target_train_loss, problem.settings.target_validation_accuracy)
    speed = convergence.summary(own, *targets)
    classes, task = problem.description.classes, problem.description.task
    return optimizer_metrics(assessed, problem.labels, classes, own, choice, speed, task, problem.measure)


def _write_tables(
    settings: Settings,
    problems: dict[str, _Problem],
    metrics: dict[str, dict[str, OptimizerMetrics]],
    choices: dict[ProblemAndOptimizer, Choice],
    assessments: dict[ProblemAndOptimizer, Assessment],
) -> None:
    per_class: list[dict[str, Any]] = []
    confusion: list[dict[str, Any]] = []
    for name, problem in problems.items():
        classes = tabled(problem.description.classes, problem.description.task)
        if not classes:
            continue
        for optimizer, found in metrics[name].items():
            rows = per_class_rows(found.per_class, problem.labels)
            per_class += [{"problem": name, "optimizer": optimizer, **row} for row in rows]
        best = problem.champion.training
        seeds = sorted(outcome.training.seed for outcome in problem.trainings[best.optimizer])
        guesses = assessments[name, best.optimizer].predictions[seeds.index(best.seed)]
        rows = confusion_rows(guesses, problem.labels, classes)
        confusion += [{"problem": name, **row} for row in rows]
    trainings = [outcome for p in problems.values() for own in p.trainings.values() for outcome in own]
    trials = [trial for name in settings.optimizers for trial in outputs.read_trials(name)]
    tables.PER_CLASS.write(pd.DataFrame(per_class, columns=tables.PER_CLASS.columns))
    tables.CONFUSION.write(pd.DataFrame(confusion, columns=tables.CONFUSION.columns))
    tables.TRAINING_CURVES.write(curves.training_curves(trainings))
    tables.LEARNING_RATES.write(curves.learning_rate_curves(trials, choices))


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
