"""What two optimizers are compared on: where a quantity stands in the metrics, its unit and its margin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pipeline.comparison.settings import Margins

Metrics = Mapping[str, Mapping[str, Mapping[str, Any]]]
Unit = Literal["percentage points", "nats", "times"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity with one value a seed.

    Attributes
    ----------
    name
        Its key in ``comparison.json``.
    title
        Its name in a sentence.
    unit
        Of a difference. ``times``: the two are compared by their ratio, so that "half" and "double" weigh the
        same; differences are then of logarithms.
    margin
        Name of a margin in the settings.
    higher_is_better
        False for a loss, a gap, a time.
    target
        For the images until a target is reached: the target's key in ``convergence``.
    """

    name: str
    title: str
    unit: Unit
    margin: str
    higher_is_better: bool
    target: str | None = None

    def margin_in(self, margins: Margins) -> float:
        """Return the margin on the scale of the differences."""
        margin = float(getattr(margins, self.margin))
        return math.log(margin) if self.unit == "times" else margin

    def shown(self, difference: float | None) -> float | None:
        """Turn a difference (fraction, nats or logarithm) into its unit (points, nats or a ratio)."""
        if difference is None:
            return None
        return {
            "percentage points": lambda: 100 * difference,
            "nats": lambda: difference,
            "times": lambda: math.exp(difference),
        }[self.unit]()


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

MEASURES = (
    TEST_ACCURACY,
    VALIDATION_ACCURACY,
    TRAIN_LOSS,
    GAP,
    IMAGES_TO_LOSS,
    IMAGES_TO_ACCURACY,
    STEP_LEFT,
)


def seeds_of(metrics: Metrics, problem: str, optimizer: str, measure: Measure) -> list[float | None] | None:
    """Return a measure's values, one a seed (None where there is none), or None where it was not measured.

    Raw values: fractions, nats, images, shares.
    """
    entry = metrics[problem][optimizer]
    convergence = entry.get("convergence") or {}
    if measure.target is not None:
        reached = convergence.get(measure.target)
        return None if reached is None else list(reached["images"])
    quantity = convergence.get(measure.name) if measure is STEP_LEFT else entry.get(measure.name)
    return None if quantity is None else list(quantity["seeds"])


def training_length(metrics: Metrics, problem: str) -> int | None:
    """Return the images of a whole training on a problem (the same for all), None where none ended."""
    lengths = [(entry.get("convergence") or {}).get("length") for entry in metrics[problem].values()]
    return max((length["images"] for length in lengths if length), default=None)
