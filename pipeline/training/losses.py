"""What a network is trained to lower, and how often it is right, for each task."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - its name in all of PyTorch's documentation

if TYPE_CHECKING:
    from pipeline.prepared.reader import Task


def loss(task: Task, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean loss, a float32 scalar: cross-entropy (nats; a token for next_token), or squared error.

    Parameters
    ----------
    outputs
        float32, (b, classes), (b, targets), or (b, length, words) for next_token.
    labels
        int64 (b,), float32 (b, targets), or int64 (b, length).
    """
    if task == "regression":
        return F.mse_loss(outputs, labels)
    if task == "next_token":
        return F.cross_entropy(outputs.flatten(0, 1), labels.flatten())
    return F.cross_entropy(outputs, labels)


def accuracy(task: Task, outputs: torch.Tensor, labels: torch.Tensor) -> float | None:
    """Return the share of right predictions, 0 to 1 (of all tokens for next_token); None for a regression."""
    if task == "regression":
        return None
    return (predicted(outputs) == labels).double().mean().item()


def predicted(outputs: torch.Tensor) -> torch.Tensor:
    """Return the predicted class, int64 (n,) of logits (n, classes); −1 where an output is not finite.

    A diverged network predicts nothing: with argmax it would sometimes be right by chance. Of logits
    (n, length, words) come the words, (n, length).
    """
    finite = torch.isfinite(outputs).all(dim=-1)
    return torch.where(finite, outputs.argmax(dim=-1), -1)


def is_hopeless(error: float, hits: float | None, labels: torch.Tensor, outputs: int) -> bool:
    """Return whether a network has learned nothing yet.

    Then its loss is not below that of equal probabilities, and its accuracy not above that of always predicting the
    most frequent label by more than a standard error. A regression is never hopeless.

    Parameters
    ----------
    error, hits
        Loss (nats, NaN if it diverged) and accuracy (fraction, None for a regression) on the examples of `labels`.
    labels
        int64 (n,) or (n, length).
    outputs
        Number of classes or words.
    """
    if hits is None:
        return False
    share = labels.flatten().bincount().max().item() / labels.numel()
    uncertainty = math.sqrt(share * (1 - share) / labels.numel())
    # a loss that is not a number is not below anything
    return hits <= share + uncertainty and not error < math.log(outputs)
