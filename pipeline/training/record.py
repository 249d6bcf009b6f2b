"""What a training is asked to do, and its outcome. Knows neither torch nor MLflow."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np


Kind = Literal["tune", "train"]
Precision = Literal["float32", "bfloat16"]
Device = Literal["cpu", "cuda"]
Convolution = Literal["compiled", "torch"]


@dataclass(frozen=True)
class OptimizerRow:
    """An optimizer, as a row of ``params.yaml`` gives it.

    Attributes
    ----------
    class_name
        Of a class of ``torch.optim``.
    arguments
        By name, without the learning rate; plain values, lists for tuples.
    rest
        The optimizer of the parameters that the class cannot take, or None.
    """

    class_name: str
    arguments: dict[str, Any] = field(default_factory=dict, hash=False)
    rest: OptimizerRow | None = None

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> OptimizerRow:
        """Read what `dataclasses.asdict` gives."""
        rest = content["rest"]
        return cls(content["class_name"], content["arguments"], None if rest is None else cls.from_json(rest))


@dataclass(frozen=True)
class Training:
    """All that decides the outcome of one training.

    Attributes
    ----------
    kind
        ``tune`` for a trial of the learning-rate search, ``train`` for a seed of the final comparison.
    problem, optimizer
        Names of rows of ``params.yaml``.
    network
        Name of a network in ``pipeline.training.networks``.
    row
        The optimizer.
    learning_rate
        Learning rate, constant throughout.
    epochs
        Passes over the training examples.
    batch_size
        Examples per step; what an epoch leaves over is left out.
    validations_per_epoch
        How often the validation examples are looked at: 1, 2, 5 or 10 times.
    seed
        Decides the initial weights and the order of the examples, the same for every optimizer.
    data
        SHA-256 of the prepared examples.
    precision, device
        What the network's products are computed in (``float32`` or ``bfloat16``) and on (``cpu`` or ``cuda``).
    convolution
        ``compiled``: by the loops of ``pipeline.training.convolution`` where they are faster; ``torch``: never.
    """

    kind: Kind
    problem: str
    optimizer: str
    network: str
    row: OptimizerRow
    learning_rate: float
    epochs: int
    batch_size: int
    validations_per_epoch: int
    seed: int
    data: str
    precision: Precision = "float32"
    device: Device = "cpu"
    convolution: Convolution = "compiled"


@dataclass(frozen=True)
class Point:
    """One row of a training's history.

    Attributes
    ----------
    step, images
        Optimizer steps and training examples seen so far.
    train_loss
        Mean cross-entropy (nats) over the batches since the row before; None where it is not finite.
    update
        Size of the effective step: root mean square, over all parameters, of the change that the optimizer made
        in this one step; None where it is not finite.
    validation_loss, validation_accuracy
        On all validation examples (nats; fraction 0 to 1); None where they were not looked at.
    """

    step: int
    images: int
    train_loss: float | None
    update: float | None
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What a training has measured, the weights it ends with, and how long it took.

    Attributes
    ----------
    training, key
        What was asked for, and its identity.
    history
        About ten points per epoch, the last at the end of the training (or of the epoch in which it diverged).
    diverged_at
        Number of the first step whose loss was not finite (from 1), or None.
    parameters
        How many of the network's parameters each optimizer class updated.
    seconds
        Wall-clock time; never part of an output that DVC hashes.
    weights
        By parameter name, or None where they were not kept.
    """

    training: Training
    key: str
    history: tuple[Point, ...]
    diverged_at: int | None
    parameters: dict[str, int]
    seconds: float = 0.0
    weights: dict[str, np.ndarray] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def last(self) -> Point:
        """The point at the end of the training."""
        return self.history[-1]

    @property
    def diverged(self) -> bool:
        """Whether a loss was not finite."""
        return self.diverged_at is not None

    @property
    def validation_accuracy(self) -> float:
        """Accuracy on the validation examples after the last epoch; 0 for a training that diverged."""
        return self.last.validation_accuracy or 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the record as DVC keeps it: without weights and without the time it took."""
        return {
            "key": self.key,
            **asdict(self.training),
            "diverged_at": self.diverged_at,
            "parameters": self.parameters,
            "history": [list(asdict(point).values()) for point in self.history],
        }

    @classmethod
    def from_json(cls, record: dict[str, Any], seconds: float = 0.0) -> Outcome:
        """Read what `to_json` wrote."""
        asked = {name: record[name] for name in Training.__dataclass_fields__}
        return cls(
            training=Training(**{**asked, "row": OptimizerRow.from_json(record["row"])}),
            key=record["key"],
            history=tuple(Point(*values) for values in record["history"]),
            diverged_at=record["diverged_at"],
            parameters=record["parameters"],
            seconds=seconds,
        )
