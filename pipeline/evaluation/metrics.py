"""Predictions -> metrics and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.statistics.intervals import mean_interval, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.evaluation.assessment import Assessment
    from pipeline.training.record import Outcome

CALIBRATION_BINS = 15

_DIGITS = 6


def metrics(
    assessment: Assessment, labels: np.ndarray, classes: Sequence[str], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """Summarise what one optimizer reached on one problem.

    Parameters
    ----------
    assessment
        Of its networks.
    labels
        int64, shape (test examples,).
    classes
        Names of the classes.
    outcomes
        Its trainings, in the order of the seeds.

    Returns
    -------
    dict
        Accuracies as fractions 0 to 1, losses in nats. A quantity that varies from seed to seed is
        ``{mean, low, high, seeds}`` with the 95 % Student t interval of the mean over seeds.
    """
    test_accuracy = (assessment.predictions == labels).mean(axis=1)
    validation_accuracy = np.array([outcome.validation_accuracy for outcome in outcomes])
    return {
        "test_accuracy": over_seeds(test_accuracy),
        "train_accuracy": over_seeds(assessment.train_accuracy),
        "validation_accuracy": over_seeds(validation_accuracy),
        "generalization_gap": over_seeds(assessment.train_accuracy - test_accuracy),
        "test_loss": over_seeds(assessment.test_loss),
        "train_loss": over_seeds(assessment.train_loss),
        "calibration_error": over_seeds(calibration_errors(assessment, labels)),
        "per_class": {
            name: _rounded((assessment.predictions[:, labels == label] == label).mean())
            for label, name in enumerate(classes)
        },
        "diverged": sum(outcome.diverged for outcome in outcomes),
        "trainings": [outcome.key for outcome in outcomes],
    }


def over_seeds(values: np.ndarray) -> dict[str, Any]:
    """Return ``{mean, low, high, seeds}`` of a quantity with one value a seed.

    A value that is not finite (a loss after divergence) becomes None among the seeds, and the mean is None: no mean
    over fewer seeds would be comparable.
    """
    seeds = [_rounded(value) for value in values]
    if any(value is None for value in seeds):
        return {"mean": None, "low": None, "high": None, "seeds": seeds}
    interval = mean_interval(values)
    bounds = (interval.estimate, interval.low, interval.high)
    mean, low, high = (None if bound is None else _rounded(bound) for bound in bounds)
    return {"mean": mean, "low": low, "high": high, "seeds": seeds}


def calibration_errors(assessment: Assessment, labels: np.ndarray) -> np.ndarray:
    """Return the expected calibration error of each network, float64 (seeds,).

    The mean distance between confidence and accuracy over equally wide bins of confidence, weighted by their size.

    References
    ----------
    Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015, p. 2904;
    Guo et al., "On calibration of modern neural networks", ICML 2017, eq. 3.
    """
    hits = assessment.predictions == labels
    errors = []
    for confidence, hit in zip(assessment.confidences.astype(np.float64), hits, strict=True):
        bins = np.minimum((confidence * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
        surplus = np.bincount(bins, weights=confidence - hit, minlength=CALIBRATION_BINS)
        errors.append(np.abs(surplus).sum() / len(labels))
    return np.array(errors)


def per_class_rows(
    problem: str, optimizer: str, per_class: dict[str, float], labels: np.ndarray
) -> list[dict[str, Any]]:
    """Return a row a class: accuracy (mean over seeds) with its 95 % Wilson interval.

    The interval counts the class's test images once, however many seeds there are: it tells how sure the accuracy
    is for other images, and the seeds share theirs.
    """
    counts = np.bincount(labels, minlength=len(per_class))
    rows = []
    for (name, accuracy), count in zip(per_class.items(), counts.tolist(), strict=True):
        interval = wilson_interval(accuracy * count, count)
        row = {"problem": problem, "optimizer": optimizer, "class": name, "accuracy": accuracy}
        rows.append({**row, "low": interval.low, "high": interval.high})
    return rows


def confusion_rows(
    problem: str, predictions: np.ndarray, labels: np.ndarray, classes: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the confusion matrix in long form.

    Parameters
    ----------
    problem
        Its name, for the first column.
    predictions, labels
        Shape (test examples,): predicted (−1 for none) and true class.
    classes
        Names of the classes.
    """
    names = [*classes, "none"]
    rows = []
    for actual, name in enumerate(classes):
        counts = np.bincount(predictions[labels == actual] % len(names), minlength=len(names))
        rows += [
            {"problem": problem, "actual": name, "predicted": names[guess], "count": int(count)}
            for guess, count in enumerate(counts)
            if count or guess < len(classes)
        ]
    return rows


def _rounded(value: float) -> float | None:
    return round(float(value), _DIGITS) if np.isfinite(value) else None
