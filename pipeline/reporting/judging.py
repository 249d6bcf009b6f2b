"""What a problem is judged by, as a reader wants it: accuracies in per cent, losses with their unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.reporting.numbers_in_words import (
    MISSING,
    NONE,
    SPACE,
    between,
    bounds,
    decimal,
    interval,
    number,
    percent,
    points,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.results.metrics import OptimizerMetrics, OverSeeds
    from pipeline.results.problems import ProblemFacts


@dataclass(frozen=True)
class Judging:
    """The measure of a problem: the accuracy, or the loss in `unit`."""

    noun: str  # accuracy or loss
    unit: str  # of the loss: nats or squared error
    scale: float  # of the values in plots
    higher_is_better: bool

    @property
    def best(self) -> str:
        """``highest`` or ``lowest``."""
        return "highest" if self.higher_is_better else "lowest"

    @property
    def form(self) -> str:
        """The format of a value in a plot."""
        return ".1f" if self.higher_is_better else ".3f"

    def axis(self, part: str) -> str:
        """Return ``test accuracy (%)`` or ``validation loss (nats)``, of ``test`` or ``validation``."""
        return f"{part} {self.noun} ({'%' if self.higher_is_better else self.unit})"

    def number(self, value: float | None) -> str:
        """Return a value without its unit."""
        return number(value) if self.higher_is_better else decimal(value)

    def with_unit(self, value: float | None) -> str:
        """Return ``57.1 %`` or ``1.234 nats``."""
        if self.higher_is_better:
            return percent(value)
        return MISSING if value is None else f"{decimal(value)}{SPACE}{self.unit}"

    def interval(self, quantity: OverSeeds) -> str:
        """Return the bounds of a quantity, or a dash."""
        return interval(quantity) if self.higher_is_better else self.between(quantity.low, quantity.high)

    def between(self, low: float | None, high: float | None) -> str:
        """Return the bounds of a value or a difference, or a dash."""
        if self.higher_is_better:
            return between(low, high)
        return NONE if low is None or high is None else f"{decimal(low)} to {decimal(high)}"

    def with_interval(self, quantity: OverSeeds) -> str:
        """Return ``57.1 % (95 % interval 56.7 to 57.5)``, or the same of a loss."""
        return self.with_unit(quantity.mean) + bounds(self.interval(quantity))

    def difference(self, value: float) -> str:
        """Return ``1.2 points`` or ``0.012 nats``."""
        return points(value) if self.higher_is_better else f"{decimal(value)}{SPACE}{self.unit}"

    def tuned(self, found: OptimizerMetrics) -> float | None:
        """Return what the best trial of the search reached."""
        return found.search.tuned_accuracy if self.higher_is_better else found.search.tuned_loss

    def validation(self, found: OptimizerMetrics) -> float | None:
        """Return the mean over the seeds on the validation examples."""
        quantity = found.validation_accuracy if self.higher_is_better else found.validation_loss
        return quantity.mean if quantity else None

    def margin(self, margins: Mapping[str, float], name: str) -> float:
        """Return a margin of the comparison for the measure of the problem: ``search`` or ``search_loss``."""
        return margins[name if self.higher_is_better else f"{name}_loss"]


def of(facts: ProblemFacts) -> Judging:
    """Return what the problem of these facts is judged by."""
    higher = facts.measure == "accuracy"
    return Judging(facts.measure, facts.loss_unit, 100.0 if higher else 1.0, higher)
