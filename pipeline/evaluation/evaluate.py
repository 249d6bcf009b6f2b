"""The work of stage ``evaluate``: every optimizer on every problem, as files of ``results/``, and the champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from pipeline.console.progress import progress
from pipeline.evaluation import assessment, champion, choosing, curves, listings
from pipeline.evaluation.choosing import Replicates
from pipeline.evaluation.measuring import Problem, place_of
from pipeline.evaluation.metrics import confusion_rows, per_class_rows, tabled
from pipeline.prepared import reader
from pipeline.project import environment, paths
from pipeline.project.wording import counted
from pipeline.results import tables
from pipeline.results.champions import ChampionRecord, Champions
from pipeline.results.environment import Environment
from pipeline.results.metrics import Metrics, OptimizerMetrics
from pipeline.results.problems import Problems
from pipeline.running import merit, outputs, pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.evaluation.assessment import Assessment, AssessmentTask
    from pipeline.running.outputs import Choice
    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome

ProblemAndOptimizer = tuple[str, str]
Found = TypeVar("Found")


@dataclass(frozen=True)
class _Problem(Problem):
    """A problem with its final trainings, and the best of them."""

    champion: Outcome


def evaluate(settings: Settings, workers: int) -> None:
    """Evaluate all networks of the settings' study in `workers` processes; write the results and the champion."""
    choices = _choices(settings)
    problems = _problems(settings)
    assessments = _assess_all(settings, problems, workers)
    metrics = {
        name: problem.metrics(_of(assessments, name), _of(choices, problem.settings.tuned_on or name))
        for name, problem in problems.items()
    }
    Metrics(problems=metrics).write()
    _write_class_tables(problems, metrics, assessments)
    trials = [trial for name in settings.optimizers for trial in outputs.read_trials(name)]
    picks = {(name, optimizer): own.picks for name, p in problems.items() for optimizer, own in p.trainings.items()}
    tables.SEARCHES.write(listings.searches(trials, choices, settings.optimizers))
    tables.RUNS.write(listings.runs(picks, metrics))
    tables.TRAINING_CURVES.write(curves.training_curves(pick for own in picks.values() for pick in own))
    Problems(problems={name: one.facts(settings.data_of(name)) for name, one in problems.items()}).write()
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
    places = {data: place_of(data) for data in map(settings.data_of, problems)}
    tasks = [
        places[settings.data_of(name)].task(own.outcomes, outputs.weights_of(optimizer, name))
        for name, problem in problems.items()
        for optimizer, own in problem.trainings.items()
    ]
    found: dict[ProblemAndOptimizer, Assessment] = {}
    with progress("evaluate", len(tasks), "optimizers") as bar:
        bar.begin(f"starting {counted(workers, 'worker')}")

        def keep(task: AssessmentTask, assessed: Assessment) -> None:
            found[task.problem, task.optimizer] = assessed
            bar.advance(note=f"{task.optimizer} on {task.problem}")

        pool.parallel(assessment.assess, tasks, workers, keep)
    return found


def _of(found: Mapping[ProblemAndOptimizer, Found], problem: str) -> dict[str, Found]:
    """Return what belongs to a problem, by optimizer."""
    return {optimizer: one for (name, optimizer), one in found.items() if name == problem}


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


def _record(champion: Outcome, settings: Settings) -> ChampionRecord:
    who = {field: value for field, value in vars(champion.training).items() if field in ChampionRecord.model_fields}
    label = settings.optimizers[champion.training.optimizer].label
    reached = {"validation_accuracy": merit.accuracy(champion), "validation_loss": champion.last.validation_loss}
    return ChampionRecord.model_validate({**who, "label": label, **reached, "key": champion.key})
