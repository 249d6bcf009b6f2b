"""``results/cost.json``: what a step of each optimizer costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.results.document import Document, Record

if TYPE_CHECKING:
    from pipeline.results.metrics import Length


class Ratio(Record):
    """A median over rounds with its 95 % interval; a bound is None if there are too few rounds for it."""

    median: float | None
    low: float | None
    high: float | None


class StepCost(Record):
    """What a step of one optimizer costs; times are medians over rounds."""

    step_ratio: Ratio  # time of a whole training step over plain SGD's
    optimizer_ratio: Ratio  # the same for the update alone
    microseconds_per_step: float | None
    microseconds_optimizer: float | None
    state_bytes_per_parameter: float | None
    rounds: tuple[float | None, ...]  # the step ratio of each round


class StepTime(Record):
    """How long a whole training step takes on one problem."""

    microseconds: float  # the median of plain SGD's, times the median ratio to it
    ratio: Ratio  # to plain SGD's step of the same round

    def seconds_per_example(self, training: Length) -> float:
        """Return the time of a training example in steps such as those of a whole training."""
        return self.microseconds / 1e6 * training.steps / training.images


class Cost(Document):
    """What a step costs by optimizer, on the main problem; and its time by problem and optimizer.

    Problems of the same network, examples and batch size share their measurements.
    """

    PATH = Path("results/cost.json")

    optimizers: dict[str, StepCost]
    time_per_step: dict[str, dict[str, StepTime]] = {}
