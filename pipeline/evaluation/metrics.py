"""Predictions -> metrics and tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.project.numbers import decimals
from pipeline.results.metrics import Length, OptimizerMetrics, OverSeeds
from pipeline.statistics.intervals import mean_interval, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.evaluation.assessment import Assessment
    from pipeline.evaluation.choosing import Replicates
    from pipeline.prepared.reader import Task
    from pipeline.results.metrics import Search, Speed
    from pipeline.training.record import Outcome

CALIBRATION_BINS = 15
# Of more classes, such as the words of a text, no table of them is written
MOST_CLASSES = 100
_PART = 4  # of the points of a training: the first and the last quarter are compared


def optimizer_metrics(
    assessment: Assessment,
    labels: np.ndarray,
    classes: Sequence[str],
    own: Replicates,
    search: Search,
    speed: Speed,
    task: Task = "classification",
) -> OptimizerMetrics:
    """Summarise what one optimizer reached on one problem.

    Parameters
    ----------
    assessment
        Of all its trainings, in the order of `own`.
    labels
        Those of `assessment.test_labels`.
    """
    picks, found = own.picks, assessment.of(own.picked_places)
    diverged, whole = _diverged(picks), ~_diverged(own.outcomes)
    lost = np.where(diverged, np.nan, 0.0)  # added to a loss: of a diverged training it says nothing
    by_training = assessment.train_accuracy * whole
    return OptimizerMetrics(
        **(dict.fromkeys(_ACCURACIES) if task == "regression" else _accuracies(found, labels, picks)),
        test_loss=over_seeds(found.test_loss + lost),
        train_loss=over_seeds(found.train_loss + lost),
        validation_loss=over_seeds(_numbers(outcome.last.validation_loss for outcome in picks) + lost),
        best_train_loss=over_seeds(own.least(np.where(whole, assessment.train_loss, np.nan))),
        best_train_accuracy=None if task == "regression" else over_seeds(own.most(by_training), (0.0, 1.0)),
        per_class={
            name: round(float((found.predictions[:, labels == label] == label).mean()), 6)
            for label, name in enumerate(tabled(classes, task))
        },
        speed=speed,
        step_persistence=over_seeds(_numbers(step_persistence(outcome) for outcome in picks)),
        length=_length(own.outcomes),
        search=search,
        diverged=tuple(np.flatnonzero(diverged).tolist()),
        trainings=tuple(outcome.key for outcome in picks),
        weights=tuple(digest.tobytes()[:16].hex() for digest in found.hashes),
        parameters=picks[0].parameters,
        measure=own.measure,
    )


_ACCURACIES = ("test_accuracy", "train_accuracy", "validation_accuracy", "generalization_gap", "calibration_error")


def _accuracies(found: Assessment, labels: np.ndarray, picks: Sequence[Outcome]) -> dict[str, OverSeeds]:
    """Return what is measured of predictions, by the names of `_ACCURACIES`.

    After a divergence accuracies are 0, but there is no gap and no calibration error: those would be the best ones.
    """
    diverged = _diverged(picks)
    test, train = (found.predictions == labels).mean(axis=1), found.train_accuracy
    validation = np.array([outcome.validation_accuracy for outcome in picks])
    accuracies = [np.where(diverged, 0.0, values) for values in (test, train, validation)]
    others = [np.where(diverged, np.nan, values) for values in (train - test, calibration_errors(found, labels))]
    ranges = ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (-1.0, 1.0), (0.0, 1.0))
    return dict(zip(_ACCURACIES, map(over_seeds, [*accuracies, *others], ranges), strict=True))


def step_persistence(outcome: Outcome) -> float | None:
    """Return the mean update of the last quarter of the points over that of the first; 1 is a step that keeps its size.

    None where the training diverged, an update is not finite, or nothing moved at first.
    """
    updates = [point.update for point in outcome.history]
    if outcome.diverged or None in updates:
        return None
    sizes = np.array(updates, dtype=np.float64)
    count = max(1, len(sizes) // _PART)
    early, late = sizes[:count].mean(), sizes[-count:].mean()
    return float(late / early) if early > 0 else None


def _length(outcomes: Sequence[Outcome]) -> Length | None:
    whole = next((outcome.last for outcome in outcomes if not outcome.diverged), None)
    return Length(steps=whole.step, images=whole.images) if whole else None


def _diverged(outcomes: Sequence[Outcome]) -> np.ndarray:
    return np.array([outcome.diverged for outcome in outcomes])


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    return np.array(list(values), dtype=np.float64)


def twins(hashes: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Return those optimizers whose picked networks are those of another one: by name, the first that has them.

    Parameters
    ----------
    hashes
        By optimizer the `Assessment.hashes` of its picks, (seeds, 32); without those that diverged with every seed,
        because weights that are not numbers say nothing.
    """
    first: dict[bytes, str] = {}
    found = {name: first.setdefault(own.tobytes(), name) for name, own in hashes.items()}
    return {name: twin for name, twin in found.items() if twin != name}


def tabled(classes: Sequence[str], task: Task) -> Sequence[str]:
    """Return the classes that have tables of their own: those of a classification, unless there are too many."""
    return classes if task == "classification" and len(classes) <= MOST_CLASSES else ()


def over_seeds(values: np.ndarray, between: tuple[float, float] = (-math.inf, math.inf)) -> OverSeeds:
    """Summarise a quantity with one value for each seed, float64 (seeds,), that lies `between` two numbers.

    The interval is cut off there: of few seeds, Student's would reach beyond. Where one value is not finite (a loss
    after a divergence) the mean is None: over fewer seeds it could not be compared.
    """
    seeds = tuple(decimals(value) for value in values)
    if None in seeds:
        return OverSeeds(mean=None, low=None, high=None, seeds=seeds)
    found = mean_interval(values)
    low, high = (
        None if bound is None else min(max(bound, between[0]), between[1]) for bound in (found.low, found.high)
    )
    return OverSeeds(mean=decimals(found.estimate), low=decimals(low), high=decimals(high), seeds=seeds)


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
