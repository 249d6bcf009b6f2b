"""Trained networks -> predictions -> metrics. The only reader of test examples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline import execution, files, memo, outputs
from pipeline.data import prepared
from pipeline.records import canonical
from pipeline.statistics.intervals import mean_interval, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pipeline.records import Outcome

# As many training as test images (of CIFAR-10) tell the generalization gap as well as all of them would
TRAIN_SAMPLE = 10_000
CALIBRATION_BINS = 15
_BATCH = 250
_DIGITS = 6


@dataclass(frozen=True)
class Assignment:
    """What one worker evaluates: all seeds of an optimizer on a problem."""

    problem: str
    optimizer: str
    network: str
    learning: Path
    test: Path
    weights: Path
    memo: Path


@dataclass(frozen=True)
class Assessment:
    """What networks of one optimizer, a row a seed, do on a problem.

    Attributes
    ----------
    predictions
        int16, shape (seeds, test examples): predicted class, −1 where the outputs are not numbers.
    confidences
        float32, same shape: probability of the predicted class, 0 where there is none.
    test_loss, train_loss
        Mean cross-entropy in nats, shape (seeds,); NaN where it is not finite.
    train_accuracy
        Shape (seeds,): fraction, on an evenly spaced sample of the training examples.
    """

    predictions: np.ndarray
    confidences: np.ndarray
    test_loss: np.ndarray
    train_loss: np.ndarray
    train_accuracy: np.ndarray


def assess(assignment: Assignment) -> Assessment:
    """Run all networks of an optimizer on the test examples and a sample of the training examples.

    What was assessed before, by the same code, is taken from the memo.
    """
    key = _key(assignment)
    known = memo.recall_tensors(assignment.memo, key)
    if known is not None:
        return Assessment(**known)
    assessment = _assess(assignment)
    memo.keep_tensors(assignment.memo, key, vars(assessment))
    return assessment


def _key(assignment: Assignment) -> str:
    """Return the hash of all that decides an assessment: code, network, and the bytes of weights and examples."""
    decides = [
        execution.code_fingerprint("evaluation.py"),
        assignment.network,
        prepared.describe(assignment.learning).digest,
        files.sha256(assignment.weights),
        *(files.sha256(path) for path in sorted(assignment.test.iterdir())),
    ]
    return hashlib.sha256(canonical(decides).encode()).hexdigest()[:32]


def _assess(assignment: Assignment) -> Assessment:
    import torch

    from pipeline.data.batches import Batches

    torch.set_num_threads(1)
    description = prepared.describe(assignment.learning)
    train = prepared.open_part(assignment.learning, "train")
    sample = train.take(np.linspace(0, len(train) - 1, min(len(train), TRAIN_SAMPLE)).astype(np.int64))
    parts = {
        "test": Batches(prepared.open_part(assignment.test, "test"), description, _BATCH),
        "train": Batches(sample, description, _BATCH),
    }
    by_seed = outputs.split_by_seed(files.read_tensors(assignment.weights))
    rows = [_assess_network(assignment.network, by_seed[seed], description, parts) for seed in sorted(by_seed)]
    return Assessment(*(np.stack(column) for column in zip(*rows, strict=True)))


def _assess_network(
    name: str, weights: dict[str, np.ndarray], description: Any, parts: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray, np.float64, np.float64, np.float64]:
    import torch
    from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

    from pipeline import networks, training

    network = networks.build(name, description.shape, len(description.classes))
    network.load_state_dict({key: torch.from_numpy(array) for key, array in weights.items()})
    test, train = (training.logits(network, parts[part]) for part in ("test", "train"))
    predictions = training.predicted(test)
    confidences = torch.where(predictions >= 0, torch.softmax(test, dim=1).amax(dim=1), 0.0)
    losses = [F.cross_entropy(o, parts[p].labels).item() for p, o in (("test", test), ("train", train))]
    hits = (training.predicted(train) == parts["train"].labels).double().mean().item()
    test_loss, train_loss = (np.float64(loss if np.isfinite(loss) else np.nan) for loss in losses)
    return predictions.numpy().astype(np.int16), confidences.numpy(), test_loss, train_loss, np.float64(hits)


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


def champion(candidates: Iterable[Outcome]) -> Outcome:
    """Return the best network of the best optimizer, both by *validation* accuracy.

    First the optimizer with the highest mean over its seeds, then its best seed: the single best of all networks
    would favour optimizers whose results scatter.
    """
    by_optimizer: dict[str, list[Outcome]] = {}
    for outcome in candidates:
        by_optimizer.setdefault(outcome.training.optimizer, []).append(outcome)
    best = max(by_optimizer.values(), key=lambda group: float(np.mean([o.validation_accuracy for o in group])))
    return best_seed(best)


def best_seed(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the training with the highest validation accuracy; the smallest seed among equals."""
    return max(outcomes, key=lambda outcome: (outcome.validation_accuracy, -outcome.training.seed))


def _rounded(value: float) -> float | None:
    return round(float(value), _DIGITS) if np.isfinite(value) else None
