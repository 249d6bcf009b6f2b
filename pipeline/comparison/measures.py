"""What two optimizers are compared on: where a quantity stands in the metrics, its unit and its margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pipeline.comparison.settings import Margins
    from pipeline.results.metrics import Metrics, OptimizerMetrics, OverSeeds, Reached

Unit = Literal["percentage points", "nats", "times"]
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
        quantity: OverSeeds = getattr(found.convergence if self is STEP_LEFT else found, self.name)
        return quantity.seeds

    def margin_in(self, margins: Margins) -> float:
        """Return the margin on the scale of the differences."""
        margin = float(getattr(margins, self.margin))
        return math.log(margin) if self.unit == "times" else margin

    def shown(self, difference: float | None) -> float | None:
        """Turn a difference (fraction, nats or logarithm) into its unit (points, nats or a ratio)."""
        if difference is None or self.unit == "nats":
            return difference
        return math.exp(difference) if self.unit == "times" else 100 * difference


TEST_ACCURACY = Measure("test_accuracy", "test accuracy", "percentage points", "accuracy", True)
VALIDATION_ACCURACY = Measure("validation_accuracy", "validation accuracy", "percentage points", "accuracy", True)
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


def training_length(metrics: Metrics, problem: str) -> int | None:
    """Return the images of a whole training on a problem (the same for all), None where every training diverged."""
    lengths = [found.convergence.length for found in metrics.problems[problem].values()]
    return max((length.images for length in lengths if length is not None), default=None)
