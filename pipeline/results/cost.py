"""``results/cost.json``: what a step of each optimizer costs."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


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


class Cost(Document):
    """What a step costs, by optimizer."""

    PATH = Path("results/cost.json")

    optimizers: dict[str, StepCost]
