"""The evaluated study: every optimizer on every problem, as tables and numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.console.progress import progress
from pipeline.evaluation import assessment, choosing, convergence, curves
from pipeline.evaluation.assessment import Assessment, Assignment
from pipeline.evaluation.metrics import confusion_rows, per_class_rows
from pipeline.evaluation.metrics import metrics as summarised
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.running import outputs, pool

if TYPE_CHECKING:
    import numpy as np

    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome


@dataclass(frozen=True)
class Study:
    """All that the evaluation finds.

    Attributes
    ----------
    metrics
        By problem and optimizer, as `evaluation.metrics` describes, with the tuned learning rate.
    champions
        By problem: the network chosen by validation accuracy.
    per_class, confusion, training_curves, learning_rates
        Tidy tables.
    predictions
        By problem and optimizer: int16 (seeds, test examples).
    """

    metrics: dict[str, dict[str, Any]]
    champions: dict[str, Outcome]
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    training_curves: pd.DataFrame
    learning_rates: pd.DataFrame
    predictions: dict[str, dict[str, np.ndarray]]


def evaluate(settings: Settings, workers: int) -> Study:
    """Evaluate all networks that the settings' roster names.

    Raises
    ------
    DataError
        Where trainings or data are missing.
    """
    trainings = {name: outputs.read_trainings(name) for name in settings.optimizers}
    assessments = _assess_all(settings, workers)
    everything = [outcome for outcomes in trainings.values() for outcome in outcomes]
    by_problem = {
        problem: [outcome for outcome in everything if outcome.training.problem == problem]
        for problem in settings.problems
    }
    champions = {problem: choosing.champion(outcomes) for problem, outcomes in by_problem.items()}
    metrics: dict[str, dict[str, Any]] = {}
    per_class: list[dict[str, Any]] = []
    confusion: list[dict[str, Any]] = []
    for problem, outcomes in by_problem.items():
        labels = reader.open_part(paths.test(settings.data_of(problem)), "test").labels
        classes = reader.describe(paths.learning(settings.data_of(problem))).classes
        metrics[problem] = {}
        for name in settings.roster(problem):
            own = [outcome for outcome in outcomes if outcome.training.optimizer == name]
            found = summarised(assessments[problem, name], labels, classes, own)
            found["convergence"] = convergence.summary(
                own, settings.problems[problem].target_train_loss, settings.problems[problem].target_validation_accuracy
            )
            metrics[problem][name] = {**found, **_tuning(name, problem), "parameters": own[0].parameters}
            per_class += per_class_rows(problem, name, found["per_class"], labels)
        best = _predictions_of(champions[problem], by_problem[problem], assessments)
        confusion += confusion_rows(problem, best, labels, classes)
    return Study(
        metrics=metrics,
        champions=champions,
        per_class=pd.DataFrame(per_class),
        confusion=pd.DataFrame(confusion),
        training_curves=curves.training_curves(everything),
        learning_rates=_learning_rates(settings),
        predictions={
            problem: {name: assessments[problem, name].predictions for name in settings.roster(problem)}
            for problem in settings.problems
        },
    )


def champion_record(outcome: Outcome, settings: Settings) -> dict[str, Any]:
    """Return who a champion is, for its JSON file."""
    training = asdict(outcome.training)
    return {
        "label": settings.optimizers[outcome.training.optimizer].label,
        **{name: training[name] for name in ("problem", "optimizer", "network", "learning_rate", "seed")},
        "validation_accuracy": outcome.validation_accuracy,
        "key": outcome.key,
    }


def _assess_all(settings: Settings, workers: int) -> dict[tuple[str, str], Assessment]:
    assignments = [
        Assignment(
            problem=problem,
            optimizer=name,
            network=problem_settings.network,
            learning=paths.learning(settings.data_of(problem)),
            test=paths.test(settings.data_of(problem)),
            weights=paths.weights(name, problem),
            memo=paths.memo(),
        )
        for problem, problem_settings in settings.problems.items()
        for name in settings.roster(problem)
    ]
    found: dict[tuple[str, str], Assessment] = {}
    with progress("evaluate", len(assignments), "optimizers") as bar:

        def keep(assignment: Assignment, assessment: Assessment) -> None:
            found[assignment.problem, assignment.optimizer] = assessment
            bar.advance(note=f"{assignment.optimizer} on {assignment.problem}")

        pool.parallel(assessment.assess, assignments, workers, keep)
    return found


def _tuning(optimizer: str, problem: str) -> dict[str, Any]:
    choice = outputs.read_choice(optimizer, problem)
    names = {"learning_rate": "learning_rate", "tuned_accuracy": "validation_accuracy", "trials": "trials"}
    return {**{name: choice[source] for name, source in names.items()}, "on_edge": choice["on_edge"]}


def _predictions_of(
    champion: Outcome, outcomes: list[Outcome], assessments: dict[tuple[str, str], Assessment]
) -> np.ndarray:
    """Return a network's test predictions, int16 (test examples,)."""
    training = champion.training
    seeds = sorted(o.training.seed for o in outcomes if o.training.optimizer == training.optimizer)
    row: np.ndarray = assessments[training.problem, training.optimizer].predictions[seeds.index(training.seed)]
    return row


def _learning_rates(settings: Settings) -> pd.DataFrame:
    choices = {
        (problem, name): outputs.read_choice(name, problem)["learning_rate"]
        for problem in settings.problems
        for name in settings.roster(problem)
    }
    trials = [trial for name in settings.optimizers for trial in outputs.read_trials(name)]
    return curves.learning_rate_curves(trials, choices)
