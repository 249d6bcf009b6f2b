"""How soon a training reaches a target, and how much of its step is left at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.evaluation.metrics import over_seeds

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
    its last point with its first.

    Returns
    -------
    float or None
        None where the training diverged, an update is not finite, or nothing moved at first.
    """
    updates = [point.update for point in outcome.history]
    if outcome.diverged or any(update is None for update in updates):
        return None
    sizes = np.array(updates, dtype=np.float64)
    count = max(1, len(sizes) // _PART)
    early, late = sizes[:count].mean(), sizes[-count:].mean()
    return float(late / early) if early > 0 else None


def summary(
    outcomes: Sequence[Outcome],
    target_train_loss: float | None,
    target_validation_accuracy: float | None,
) -> dict[str, Any]:
    """Summarise how an optimizer's seeds converge on a problem.

    Parameters
    ----------
    outcomes
        One a seed, in the order of the seeds.
    target_train_loss
        In nats, or None for no such target.
    target_validation_accuracy
        As a fraction, or None.

    Returns
    -------
    dict
        ``train_loss`` and ``validation_accuracy``: ``{target, steps, images}``, the last two with one value a
        seed (None where the target was never reached), or None where there is no target; ``step_persistence``
        as `evaluation.over_seeds` returns it; ``length``: ``{steps, images}`` of a whole training, None where
        every seed diverged.
    """
    return {
        "train_loss": _reached(outcomes, target_train_loss, first_at_train_loss),
        "validation_accuracy": _reached(outcomes, target_validation_accuracy, first_at_validation_accuracy),
        "step_persistence": over_seeds(np.array([step_persistence(outcome) for outcome in outcomes], dtype=np.float64)),
        "length": _length(outcomes),
    }


def _first(outcome: Outcome, good: Callable[[Point], bool]) -> Point | None:
    return next((point for point in outcome.history if good(point)), None)


def _reached(
    outcomes: Sequence[Outcome],
    target: float | None,
    first: Callable[[Outcome, float], Point | None],
) -> dict[str, Any] | None:
    if target is None:
        return None
    points = [first(outcome, target) for outcome in outcomes]
    return {
        "target": target,
        "steps": [None if point is None else point.step for point in points],
        "images": [None if point is None else point.images for point in points],
    }


def _length(outcomes: Sequence[Outcome]) -> dict[str, int] | None:
    whole = next((outcome.last for outcome in outcomes if not outcome.diverged), None)
    return None if whole is None else {"steps": whole.step, "images": whole.images}
