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
Schedule = Literal["constant", "linear", "cosine"]


@dataclass(frozen=True)
class OptimizerRow:
    """An optimizer, as a row of ``params.yaml`` gives it."""

    # of a class of `torch.optim`; or `package.module:Class`, or `path/to/file.py:Class`
    class_name: str
    # without the learning rate; plain values, lists for tuples
    arguments: dict[str, Any] = field(default_factory=dict, hash=False)
    rest: OptimizerRow | None = None  # for the parameters that the class cannot take
    identity: str = ""  # of the class's code, if it is not torch's: `package 1.2.3`, or `sha256:…` of a file

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> OptimizerRow:
        """Read what `dataclasses.asdict` gives."""
        rest = content["rest"]
        return cls(
            content["class_name"],
            content["arguments"],
            None if rest is None else cls.from_json(rest),
            content.get("identity", ""),
        )


@dataclass(frozen=True)
class Training:
    """All that decides the outcome of one training."""

    kind: Kind  # a trial of the learning-rate search (tune), or a seed of the final comparison (train)
    problem: str  # this and the optimizer: names of rows of `params.yaml`
    optimizer: str
    network: str
    row: OptimizerRow
    learning_rate: float  # the highest; `schedule` says how it changes
    epochs: int
    batch_size: int
    validations_per_epoch: float  # 1, 2, 5 or 10, or less than 1: one in so many epochs. Always one at the end
    seed: int  # decides the initial weights and the order of the examples, the same for every optimizer
    data: str  # SHA-256 of the prepared examples
    precision: Precision = "float32"  # of the network's products
    device: Device = "cpu"
    convolution: Convolution = "compiled"  # where the compiled loops are faster; or torch throughout
    schedule: Schedule = "constant"  # of the learning rate, see `pipeline.training.schedule`
    warmup_fraction: float = 0.0  # share of the steps over which the learning rate rises first
    stop_if_hopeless: bool = False  # after a quarter of the steps, if the network is no better than chance


@dataclass(frozen=True)
class Point:
    """One row of a training's history; None stands for values that are not finite or were not measured."""

    step: int  # optimizer steps so far
    images: int  # training examples seen so far
    train_loss: float | None  # mean over the batches since the previous point: nats, or squared error
    update: float | None  # root mean square, over all parameters, of the change made by this one step
    validation_loss: float | None = None  # on all validation examples, in the same units
    validation_accuracy: float | None = None  # fraction, 0 to 1 (of the tokens for next_token); a regression has none


@dataclass(frozen=True)
class Outcome:
    """The history of a training, the weights it ends with, and how long it took."""

    training: Training
    key: str  # the training's identity
    # about ten points per epoch; the last is at the end, at the end of a diverged epoch, or where it was hopeless
    history: tuple[Point, ...]
    diverged_at: int | None  # the first step (from 1) whose loss was not finite
    parameters: dict[str, int]  # how many parameters each optimizer class updated
    seconds: float = 0.0  # wall-clock time; never part of an output that DVC hashes
    # by parameter name; None if they were not kept
    weights: dict[str, np.ndarray] | None = field(default=None, compare=False, repr=False)
    hopeless_at: int | None = None  # the step (from 1) after which it was stopped as no better than chance
    steps_per_epoch: int = 0  # 0: not recorded

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
        """Accuracy on the validation examples at the end; 0 for a training that diverged, and for a regression."""
        return self.last.validation_accuracy or 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the record as DVC keeps it: without weights and without the time it took."""
        return {
            "key": self.key,
            **asdict(self.training),
            "diverged_at": self.diverged_at,
            "hopeless_at": self.hopeless_at,
            "steps_per_epoch": self.steps_per_epoch,
            "parameters": self.parameters,
            "history": [list(asdict(point).values()) for point in self.history],
        }

    @classmethod
    def from_json(cls, record: dict[str, Any], seconds: float = 0.0) -> Outcome:
        """Read what `to_json` wrote, now or before it knew some of the settings."""
        asked = {name: record[name] for name in Training.__dataclass_fields__ if name in record}
        return cls(
            training=Training(**{**asked, "row": OptimizerRow.from_json(record["row"])}),
            key=record["key"],
            history=tuple(Point(*values) for values in record["history"]),
            diverged_at=record["diverged_at"],
            parameters=record["parameters"],
            seconds=seconds,
            hopeless_at=record.get("hopeless_at"),
            steps_per_epoch=record.get("steps_per_epoch", 0),
        )
