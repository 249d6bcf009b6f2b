"""``results/cost.json``: what a step of each optimizer costs."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class Ratio(Record):
    """A median over rounds with its 95 % interval; a bound is None where there are too few rounds for it."""

    median: float | None
    low: float | None
    high: float | None


class StepCost(Record):
    """What a step of one optimizer costs.

    Attributes
    ----------
    step_ratio, optimizer_ratio
        Time of a whole training step, and of the update alone, over plain SGD's.
    microseconds_per_step, microseconds_optimizer
        The same as times, medians over rounds.
    rounds
        The step ratio of each round.
    """

    step_ratio: Ratio
    optimizer_ratio: Ratio
    microseconds_per_step: float | None
    microseconds_optimizer: float | None
    state_bytes_per_parameter: float | None
    rounds: tuple[float | None, ...]


class Cost(Document):
    """What a step costs, by optimizer."""

    PATH = Path("results/cost.json")

    optimizers: dict[str, StepCost]
