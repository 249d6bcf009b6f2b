"""How soon a training reaches a target, and how much of its step is left at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.evaluation.metrics import over_seeds
from pipeline.results.metrics import Convergence, Length, Reached

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.training.record import Outcome, Point

_PART = 4


def summary(
    outcomes: Sequence[Outcome], target_train_loss: float | None, target_validation_accuracy: float | None
) -> Convergence:
    """Summarise how an optimizer's seeds converge; a target is None where the problem has no such target.

    A point's training loss is the mean over the batches since the point before: a lucky batch reaches no target.
    """
    whole = next((outcome.last for outcome in outcomes if not outcome.diverged), None)
    return Convergence(
        train_loss=_reached(outcomes, target_train_loss, _loss_is_low),
        validation_accuracy=_reached(outcomes, target_validation_accuracy, _accuracy_is_high),
        step_persistence=over_seeds(np.array([step_persistence(outcome) for outcome in outcomes], dtype=np.float64)),
        length=Length(steps=whole.step, images=whole.images) if whole else None,
    )


def step_persistence(outcome: Outcome) -> float | None:
    """Return the mean update of the last quarter of the points over that of the first; 1 is a step that keeps its size.

    None where the training diverged, an update is not finite, or nothing moved at first.
    """
    updates = [point.update for point in outcome.history]
    if outcome.diverged or None in updates:
        return None
    sizes = np.array(updates, dtype=np.float64)
    count = max(1, len(sizes) // _PART)
    early, late = sizes[:count].mean(), sizes[-count:].mean()
    return float(late / early) if early > 0 else None


def _loss_is_low(point: Point, target: float) -> bool:
    return point.train_loss is not None and point.train_loss <= target


def _accuracy_is_high(point: Point, target: float) -> bool:
    return point.validation_accuracy is not None and point.validation_accuracy >= target


def _reached(outcomes: Sequence[Outcome], target: float | None, good: Callable[[Point, float], bool]) -> Reached | None:
    if target is None:
        return None
    points = [next((point for point in outcome.history if good(point, target)), None) for outcome in outcomes]
    return Reached(
        target=target,
        steps=tuple(point and point.step for point in points),
        images=tuple(point and point.images for point in points),
    )
