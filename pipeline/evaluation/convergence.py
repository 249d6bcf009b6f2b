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


def first_at_train_loss(outcome: Outcome, target: float) -> Point | None:
    """Return the first point whose training loss is at most `target`, or None.

    A point's training loss is the mean over the batches since the point before (about a tenth of an epoch), in
    nats: a single lucky batch reaches no target.
    """
    return _first(outcome, lambda point: point.train_loss is not None and point.train_loss <= target)


def first_at_validation_accuracy(outcome: Outcome, target: float) -> Point | None:
    """Return the first point whose measured validation accuracy (fraction) is at least `target`, or None."""
    return _first(
        outcome,
        lambda point: point.validation_accuracy is not None and point.validation_accuracy >= target,
    )


def step_persistence(outcome: Outcome) -> float | None:
    """Return the mean update size of the last quarter of the points over that of the first quarter.

    1 is a step that keeps its size, near 0 one that has died out. A history of fewer than four points compares
    its last point with its first. None where the training diverged, an update is not finite, or nothing moved at
    first.
    """
    updates = [point.update for point in outcome.history]
    if outcome.diverged or None in updates:
        return None
    sizes = np.array(updates, dtype=np.float64)
    count = max(1, len(sizes) // _PART)
    early, late = sizes[:count].mean(), sizes[-count:].mean()
    return float(late / early) if early > 0 else None


def summary(
    outcomes: Sequence[Outcome],
    target_train_loss: float | None,
    target_validation_accuracy: float | None,
) -> Convergence:
    """Summarise how an optimizer's seeds converge on a problem.

    Parameters
    ----------
    outcomes
        One for each seed, in the order of the seeds.
    target_train_loss, target_validation_accuracy
        In nats and as a fraction; None for no such target.
    """
    return Convergence(
        train_loss=_reached(outcomes, target_train_loss, first_at_train_loss),
        validation_accuracy=_reached(outcomes, target_validation_accuracy, first_at_validation_accuracy),
        step_persistence=over_seeds(np.array([step_persistence(outcome) for outcome in outcomes], dtype=np.float64)),
        length=_length(outcomes),
    )


def _first(outcome: Outcome, good: Callable[[Point], bool]) -> Point | None:
    return next((point for point in outcome.history if good(point)), None)


def _reached(
    outcomes: Sequence[Outcome],
    target: float | None,
    first: Callable[[Outcome, float], Point | None],
) -> Reached | None:
    if target is None:
        return None
    points = [first(outcome, target) for outcome in outcomes]
    return Reached(
        target=target,
        steps=tuple(None if point is None else point.step for point in points),
        images=tuple(None if point is None else point.images for point in points),
    )


def _length(outcomes: Sequence[Outcome]) -> Length | None:
    whole = next((outcome.last for outcome in outcomes if not outcome.diverged), None)
    return None if whole is None else Length(steps=whole.step, images=whole.images)
