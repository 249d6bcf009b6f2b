"""What two optimizers are compared on: where a quantity stands in the metrics, its unit and its margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pipeline.comparison.settings import Margins
    from pipeline.results.metrics import Metrics, OptimizerMetrics, OverSeeds, Reached

Unit = Literal["percentage points", "nats", "squared error", "times"]
Seeds = Sequence[float | None]
"""One raw value (fraction, nats, images, share) for each seed, None where there is none."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity with one value for each seed.

    `name` is its key in the metrics and in ``comparison.json``, `margin` that of a margin in the settings, and `target`
    the target's name in the metrics, for the images until it is reached. Where the unit is ``times``, two are compared
    by their ratio, so that "half" and "double" weigh the same; differences are then of logarithms.
    """

    name: str
    title: str
    unit: Unit
    margin: str
    higher_is_better: bool
    target: str | None = None

    def seeds(self, found: OptimizerMetrics) -> Seeds | None:
        """Return the values of an optimizer, or None where nothing was measured."""
        if self.target is not None:
            reached: Reached | None = getattr(found.convergence, self.target)
            return None if reached is None else reached.images
        quantity: OverSeeds | None = getattr(found.convergence if self is STEP_LEFT else found, self.name)
        return None if quantity is None else quantity.seeds

    def margin_in(self, margins: Margins) -> float:
        """Return the margin on the scale of the differences."""
        margin = float(getattr(margins, self.margin))
        return math.log(margin) if self.unit == "times" else margin

    def shown(self, difference: float | None) -> float | None:
        """Turn a difference (fraction, loss or logarithm) into its unit (points, that of the loss, or a ratio)."""
        if difference is None or self.unit in ("nats", "squared error"):
            return difference
        return math.exp(difference) if self.unit == "times" else 100 * difference


TEST_ACCURACY = Measure("test_accuracy", "test accuracy", "percentage points", "accuracy", True)
VALIDATION_ACCURACY = Measure("validation_accuracy", "validation accuracy", "percentage points", "accuracy", True)
TEST_LOSS = Measure("test_loss", "test loss", "nats", "loss", False)
VALIDATION_LOSS = Measure("validation_loss", "validation loss", "nats", "loss", False)
TRAIN_LOSS = Measure("train_loss", "final training loss", "nats", "loss", False)
GAP = Measure("generalization_gap", "generalization gap", "percentage points", "accuracy", False)
IMAGES_TO_LOSS = Measure(
    "images_to_train_loss", "images to the target training loss", "times", "speed", False, "train_loss"
)
IMAGES_TO_ACCURACY = Measure(
    "images_to_validation_accuracy",
    "images to the target validation accuracy",
    "times",
    "speed",
    False,
    "validation_accuracy",
)
STEP_LEFT = Measure("step_persistence", "share of the early step that is left", "times", "step", True)

MEASURES = (TEST_ACCURACY, VALIDATION_ACCURACY, TRAIN_LOSS, GAP, IMAGES_TO_LOSS, IMAGES_TO_ACCURACY, STEP_LEFT)

_BY_LOSS = {TEST_ACCURACY.name: TEST_LOSS, VALIDATION_ACCURACY.name: VALIDATION_LOSS}


def on_problem(measure: Measure, metrics: Metrics, problem: str) -> Measure:
    """Return what a measure means on a problem: the loss in the place of the accuracy where it is judged by its loss.

    The loss of a problem without any accuracy (a regression) is a squared error.
    """
    found = next(iter(metrics.problems.get(problem, {}).values()), None)
    if found is None or found.measure == "accuracy":
        return measure
    meant = _BY_LOSS.get(measure.name, measure)
    return replace(meant, unit="squared error") if meant.unit == "nats" and found.test_accuracy is None else meant


def of_problem(metrics: Metrics, problem: str) -> list[Measure]:
    """Return the measures of a problem, without those of an accuracy where it has none."""
    without = {GAP.name, IMAGES_TO_ACCURACY.name}
    regression = any(found.test_accuracy is None for found in metrics.problems[problem].values())
    meant = [on_problem(measure, metrics, problem) for measure in MEASURES]
    return [measure for measure in meant if not (regression and measure.name in without)]


def training_length(metrics: Metrics, problem: str) -> int | None:
    """Return the images of a whole training on a problem (the same for all), None where every training diverged."""
    lengths = [found.convergence.length for found in metrics.problems[problem].values()]
    return max((length.images for length in lengths if length is not None), default=None)
