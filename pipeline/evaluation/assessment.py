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
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from pipeline.prepared.reader import Description, Task
    from pipeline.training.batches import Batches
    from pipeline.training.record import Convolution

# As many training as test images (of CIFAR-10) show the generalization gap as well as all of them would
TRAIN_SAMPLE = 10_000
_LARGEST_INT16 = 2**15 - 1


@dataclass(frozen=True)
class AssessmentTask:
    """What one worker assesses: all seeds of an optimizer on a problem."""

    problem: str
    optimizer: str
    network: str
    convolution: Convolution
    learning: Path
    test: Path
    examples: str  # the hash of the test examples, of `test_hash`: the same for all optimizers of a problem
    weights: Path
    memo: Path


@dataclass(frozen=True)
class Assessment:
    """What the networks of one optimizer, one row per seed, do on a problem.

    Predictions are int16 (seeds, test examples), int32 where there are more classes than that holds, −1 where the
    outputs are not numbers; confidences float32, same shape, the probability of the predicted class or 0. Of token ids
    every token counts, in the order of `test_labels`; a regression has none: shape (seeds, 0). Losses are means
    (seeds,), cross-entropies in nats or squared errors, NaN where not finite. Training loss and accuracy (NaN in a
    regression) are measured on an evenly spaced sample of the training examples.
    """

    predictions: np.ndarray
    confidences: np.ndarray
    test_loss: np.ndarray
    train_loss: np.ndarray
    train_accuracy: np.ndarray


def test_labels(test: Path) -> np.ndarray:
    """Return the labels of the test examples in a folder: int64 (test examples or tokens,), float32 (…, targets)."""
    labels = reader.open_part(test, "test").labels
    return labels if labels.dtype == np.float32 else labels.ravel()


def test_hash(test: Path) -> str:
    """Return the SHA-256 of the test examples in a folder."""
    return hashlib.sha256(" ".join(files.sha256(path) for path in sorted(test.iterdir())).encode()).hexdigest()


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
        task.examples,
    ]
    return hashlib.sha256(canonical(decides).encode()).hexdigest()[:32]


def _assess(task: AssessmentTask) -> Assessment:
    import torch

    from pipeline.training.train import evaluation_batches

    torch.set_num_threads(1)
    description = reader.describe(task.learning)
    train = reader.open_part(task.learning, "train")
    # of blocks of tokens fewer: every token is predicted
    count = min(len(train), max(1, TRAIN_SAMPLE // (train.labels[0].size if description.task == "next_token" else 1)))
    parts = {
        "test": evaluation_batches(reader.open_part(task.test, "test"), description),
        "train": evaluation_batches(train.take(np.linspace(0, len(train) - 1, count).astype(np.int64)), description),
    }
    by_seed = outputs.split_by_seed(files.read_tensors(task.weights))
    rows = [_assess_network(task, by_seed[seed], description, parts) for seed in sorted(by_seed)]
    return Assessment(*(np.stack(column) for column in zip(*rows, strict=True)))


def _assess_network(
    task: AssessmentTask, weights: dict[str, np.ndarray], description: Description, parts: Mapping[str, Batches]
) -> tuple[np.ndarray, np.ndarray, np.float64, np.float64, np.float64]:
    import torch

    from pipeline.training import networks

    network = networks.build(task.network, description.shape, description.outputs, task.convolution)
    network.load_state_dict({key: torch.from_numpy(array) for key, array in weights.items()})
    network.eval()
    test, train = (_measured(network, parts[part], description) for part in ("test", "train"))
    return test.predictions, test.confidences, test.loss, train.loss, train.accuracy


@dataclass(frozen=True)
class _Measured:
    """What one network does on one part."""

    predictions: np.ndarray
    confidences: np.ndarray
    loss: np.float64
    accuracy: np.float64


def _measured(network: nn.Module, batches: Batches, description: Description) -> _Measured:
    import torch

    from pipeline.training.losses import loss, predicted

    predictions, confidences, losses, hits, sizes = [], [], [], 0.0, []
    for found, labels in _outputs(network, batches, description.task):
        losses.append(loss(description.task, found, labels).item())
        sizes.append(labels.numel())
        if description.task != "regression":
            guesses = predicted(found)
            hits += (guesses == labels).sum().item()
            predictions.append(guesses.flatten())
            confidences.append(torch.where(guesses >= 0, torch.softmax(found, dim=-1).amax(dim=-1), 0.0).flatten())
    mean = losses[0] if len(losses) == 1 else float(np.average(losses, weights=sizes))
    kind = np.int16 if description.outputs <= _LARGEST_INT16 else np.int32
    return _Measured(
        predictions=torch.cat(predictions).numpy().astype(kind) if predictions else np.empty(0, kind),
        confidences=torch.cat(confidences).numpy() if confidences else np.empty(0, np.float32),
        loss=np.float64(mean if np.isfinite(mean) else np.nan),
        accuracy=np.float64(hits / sum(sizes) if predictions else np.nan),
    )


def _outputs(network: nn.Module, batches: Batches, task: Task) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield a network's outputs with the labels: all at once, or batch by batch of token ids, which have too many."""
    import torch

    from pipeline.training.train import logits

    if task != "next_token":
        yield logits(network, batches), batches.labels
        return
    with torch.inference_mode():
        for inputs, labels in batches.in_sequence():
            yield network(inputs), labels
