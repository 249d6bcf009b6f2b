"""Trained networks -> predictions: the only file that opens test examples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.prepared import reader
from pipeline.project import files
from pipeline.project.files import canonical
from pipeline.running import memo, outputs
from pipeline.running.key import code_fingerprint, network_fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.prepared.reader import Description
    from pipeline.training.batches import Batches
    from pipeline.training.record import Convolution

# As many training as test images (of CIFAR-10) show the generalization gap as well as all of them would
TRAIN_SAMPLE = 10_000
_BATCH = 250


@dataclass(frozen=True)
class AssessmentTask:
    """What one worker assesses: all seeds of an optimizer on a problem."""

    problem: str
    optimizer: str
    network: str
    convolution: Convolution
    learning: Path
    test: Path
    weights: Path
    memo: Path


@dataclass(frozen=True)
class Assessment:
    """What the networks of one optimizer, one row per seed, do on a problem.

    Predictions are int16 (seeds, test examples), −1 where the outputs are not numbers; confidences float32, same shape,
    the probability of the predicted class or 0. Losses are mean cross-entropies in nats (seeds,), NaN where not finite.
    Training loss and accuracy are measured on an evenly spaced sample of the training examples.
    """

    predictions: np.ndarray
    confidences: np.ndarray
    test_loss: np.ndarray
    train_loss: np.ndarray
    train_accuracy: np.ndarray


def test_labels(test: Path) -> np.ndarray:
    """Return the labels of the test examples in a folder, int64 (test examples,)."""
    return reader.open_part(test, "test").labels


def assess(task: AssessmentTask) -> Assessment:
    """Run an optimizer's networks on the test examples and a sample of the training examples, unless the memo knows."""
    identity = _key(task)
    known = memo.recall_tensors(task.memo, identity)
    if known is not None:
        return Assessment(**known)
    assessment = _assess(task)
    memo.keep_tensors(task.memo, identity, vars(assessment))
    return assessment


def _key(task: AssessmentTask) -> str:
    """Return the hash of all that decides an assessment: code, network, and the bytes of weights and examples."""
    decides = [
        code_fingerprint("evaluation/assessment.py"),
        network_fingerprint(task.network),
        task.network,
        task.convolution,
        reader.describe(task.learning).digest,
        files.sha256(task.weights),
        *(files.sha256(path) for path in sorted(task.test.iterdir())),
    ]
    return hashlib.sha256(canonical(decides).encode()).hexdigest()[:32]


def _assess(task: AssessmentTask) -> Assessment:
    import torch

    from pipeline.training.batches import Batches

    torch.set_num_threads(1)
    description = reader.describe(task.learning)
    train = reader.open_part(task.learning, "train")
    sample = train.take(np.linspace(0, len(train) - 1, min(len(train), TRAIN_SAMPLE)).astype(np.int64))
    parts = {
        "test": Batches(reader.open_part(task.test, "test"), description, _BATCH),
        "train": Batches(sample, description, _BATCH),
    }
    by_seed = outputs.split_by_seed(files.read_tensors(task.weights))
    rows = [_assess_network(task, by_seed[seed], description, parts) for seed in sorted(by_seed)]
    return Assessment(*(np.stack(column) for column in zip(*rows, strict=True)))


def _assess_network(
    task: AssessmentTask, weights: dict[str, np.ndarray], description: Description, parts: Mapping[str, Batches]
) -> tuple[np.ndarray, np.ndarray, np.float64, np.float64, np.float64]:
    import torch
    from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

    from pipeline.training import networks
    from pipeline.training.losses import predicted
    from pipeline.training.train import logits

    network = networks.build(task.network, description.shape, len(description.classes), task.convolution)
    network.load_state_dict({key: torch.from_numpy(array) for key, array in weights.items()})
    test, train = (logits(network, parts[part]) for part in ("test", "train"))
    predictions = predicted(test)
    confidences = torch.where(predictions >= 0, torch.softmax(test, dim=1).amax(dim=1), 0.0)
    losses = [F.cross_entropy(o, parts[p].labels).item() for p, o in (("test", test), ("train", train))]
    hits = (predicted(train) == parts["train"].labels).double().mean().item()
    test_loss, train_loss = (np.float64(loss if np.isfinite(loss) else np.nan) for loss in losses)
    return predictions.numpy().astype(np.int16), confidences.numpy(), test_loss, train_loss, np.float64(hits)
