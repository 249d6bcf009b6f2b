"""Predictions -> metrics and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.project.numbers import decimals
from pipeline.results.metrics import OptimizerMetrics, OverSeeds
from pipeline.statistics.intervals import mean_interval, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.evaluation.assessment import Assessment
    from pipeline.prepared.reader import Task
    from pipeline.results.metrics import Convergence
    from pipeline.running.outputs import Choice
    from pipeline.settings.study import MeasureName
    from pipeline.training.record import Outcome

CALIBRATION_BINS = 15
# Of more classes, such as the words of a text, no table of them is written
MOST_CLASSES = 100


def optimizer_metrics(
    assessment: Assessment,
    labels: np.ndarray,
    classes: Sequence[str],
    outcomes: Sequence[Outcome],
    choice: Choice,
    convergence: Convergence,
    task: Task = "classification",
    measure: MeasureName = "accuracy",
) -> OptimizerMetrics:
    """Summarise what one optimizer reached on one problem; `labels` are those of `assessment.test_labels`."""
    validation_losses = [outcome.last.validation_loss for outcome in outcomes]
    accuracies = dict.fromkeys(_ACCURACIES) if task == "regression" else _accuracies(assessment, labels, outcomes)
    return OptimizerMetrics(
        **accuracies,
        test_loss=over_seeds(assessment.test_loss),
        train_loss=over_seeds(assessment.train_loss),
        validation_loss=over_seeds(np.array(validation_losses, dtype=np.float64)),
        per_class={
            name: round(float((assessment.predictions[:, labels == label] == label).mean()), 6)
            for label, name in enumerate(tabled(classes, task))
        },
        diverged=sum(outcome.diverged for outcome in outcomes),
        trainings=tuple(outcome.key for outcome in outcomes),
        convergence=convergence,
        learning_rate=choice.learning_rate,
        tuned_accuracy=None if task == "regression" else choice.validation_accuracy,
        tuned_loss=decimals(choice.validation_loss),
        trials=choice.trials,
        on_edge=choice.on_edge,
        parameters=outcomes[0].parameters,
        measure=measure,
    )


_ACCURACIES = ("test_accuracy", "train_accuracy", "validation_accuracy", "generalization_gap", "calibration_error")


def _accuracies(assessment: Assessment, labels: np.ndarray, outcomes: Sequence[Outcome]) -> dict[str, OverSeeds]:
    """Return what is measured of predictions, by the names of `_ACCURACIES`."""
    test = (assessment.predictions == labels).mean(axis=1)
    train, validation = assessment.train_accuracy, np.array([outcome.validation_accuracy for outcome in outcomes])
    values = (test, train, validation, train - test, calibration_errors(assessment, labels))
    return dict(zip(_ACCURACIES, map(over_seeds, values), strict=True))


def tabled(classes: Sequence[str], task: Task) -> Sequence[str]:
    """Return the classes that have tables of their own: those of a classification, unless there are too many."""
    return classes if task == "classification" and len(classes) <= MOST_CLASSES else ()


def over_seeds(values: np.ndarray) -> OverSeeds:
    """Summarise a quantity with one value for each seed, float64 (seeds,).

    Where one is not finite (a loss after a divergence) the mean is None: over fewer seeds it could not be compared.
    """
    seeds = tuple(decimals(value) for value in values)
    if None in seeds:
        return OverSeeds(mean=None, low=None, high=None, seeds=seeds)
    found = mean_interval(values)
    return OverSeeds(mean=decimals(found.estimate), low=decimals(found.low), high=decimals(found.high), seeds=seeds)


def calibration_errors(assessment: Assessment, labels: np.ndarray) -> np.ndarray:
    """Return the expected calibration error of each network, float64 (seeds,).

    The mean distance between confidence and accuracy over equally wide bins of confidence, weighted by size:
    Naeini, Cooper & Hauskrecht, AAAI 2015, p. 2904; Guo et al., ICML 2017, eq. 3.
    """
    hits = assessment.predictions == labels
    errors = []
    for confidence, hit in zip(assessment.confidences.astype(np.float64), hits, strict=True):
        bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
        surplus = np.bincount(bins, weights=confidence - hit, minlength=CALIBRATION_BINS)
        errors.append(np.abs(surplus).sum() / len(labels))
    return np.array(errors)


def per_class_rows(per_class: dict[str, float], labels: np.ndarray) -> list[dict[str, Any]]:
    """Return one row per class: its accuracy (fraction, mean over seeds) with its 95 % Wilson interval.

    The interval counts the test images of a class once: the seeds share them.
    """
    counts = np.bincount(labels, minlength=len(per_class)).tolist()
    rows = []
    for (name, accuracy), count in zip(per_class.items(), counts, strict=True):
        interval = wilson_interval(accuracy * count, count)
        rows.append({"class": name, "accuracy": accuracy, "low": interval.low, "high": interval.high})
    return rows


def confusion_rows(predictions: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return the confusion matrix in long form; `predictions` and `labels` are (test examples,), −1 for no class."""
    names = [*classes, "none"]
    rows = []
    for actual, name in enumerate(classes):
        counts = np.bincount(predictions[labels == actual] % len(names), minlength=len(names))
        rows += [
            {"actual": name, "predicted": names[guess], "count": int(count)}
            for guess, count in enumerate(counts)
            if count or guess < len(classes)
        ]
    return rows
