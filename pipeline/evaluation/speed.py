"""How soon a training reaches a target, and what its loss is on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.evaluation.metrics import over_seeds
from pipeline.project.numbers import decimals
from pipeline.results.metrics import Reached, Speed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.evaluation.choosing import Replicates
    from pipeline.settings.study import TargetSettings
    from pipeline.training.record import Outcome, Point

    Vector = NDArray[np.float64]


class Course(NamedTuple):
    """A quantity over a training: after so many examples it had these values, float64 (looks,) each."""

    images: Vector
    values: Vector


def speed(own: Replicates, targets: TargetSettings) -> Speed:
    """Return how soon an optimizer's seeds reach the targets, and the area under their loss; see `Speed`.

    Of each seed and target the fastest of its trainings counts. One that diverged reaches nothing and has no area,
    whatever it had reached before: nobody would want its network.
    """
    losses = [train_loss(outcome) for outcome in own.outcomes]
    accuracies = [validation_accuracy(outcome) for outcome in own.outcomes]
    areas = np.array([np.nan if course is None else area(course) for course in losses])
    return Speed(
        train_loss=tuple(_reached(own, losses, target, falling=True) for target in targets.train_loss),
        validation_accuracy=tuple(
            _reached(own, accuracies, target, falling=False) for target in targets.validation_accuracy
        ),
        area=over_seeds(own.least(areas)),
    )


def train_loss(outcome: Outcome) -> Course | None:
    """Return the training loss averaged over an epoch's length at every look, or None after a divergence.

    The mean over the last epoch's length of batches, or over all so far within the first epoch: the loss of single
    batches jumps where an epoch begins, because examples come again that were just learned from.
    """
    if outcome.diverged:
        return None
    steps = np.array([0, *(point.step for point in outcome.history)], dtype=np.float64)
    means = np.array([point.train_loss for point in outcome.history], dtype=np.float64)
    sums = np.concatenate([[0.0], np.cumsum(means * np.diff(steps))])
    ends, images, length = steps[1:], _images(outcome.history), outcome.steps_per_epoch
    # every epoch is looked at in the same places: an epoch before a look there was one
    before = np.interp(ends - length, steps, sums)
    return Course(images, (sums[1:] - before) / np.minimum(ends, length))


def validation_accuracy(outcome: Outcome) -> Course | None:
    """Return the validation accuracy where it was measured, or None after a divergence and in a regression."""
    measured = [point for point in outcome.history if point.validation_accuracy is not None]
    if outcome.diverged or not measured:
        return None
    accuracies = np.array([point.validation_accuracy for point in measured], dtype=np.float64)
    return Course(_images(measured), accuracies)


def images_to(course: Course, target: float, *, falling: bool) -> float | None:
    """Return after how many examples a course reaches a target, or None if it never does.

    Interpolated linearly between the look before and the first one at or beyond the target. A target that the first
    look shows as reached counts as reached there: nothing is known of the time before.
    """
    beyond = course.values <= target if falling else course.values >= target
    if not beyond.any():
        return None
    after = int(beyond.argmax())
    if after == 0:
        return float(course.images[0])
    ends = slice(after - 1, after + 1)
    values, images = course.values[ends], course.images[ends]
    return float(images[0] + (target - values[0]) / np.diff(values)[0] * np.diff(images)[0])


def area(course: Course) -> float:
    """Return the mean value over a training: the area under the curve (its first value before), over its length."""
    images, values = course
    return float((values[0] * images[0] + np.trapezoid(values, images)) / images[-1])


def _images(points: Sequence[Point]) -> Vector:
    return np.array([point.images for point in points], dtype=np.float64)


def _reached(own: Replicates, courses: Sequence[Course | None], target: float, *, falling: bool) -> Reached:
    found = [None if course is None else images_to(course, target, falling=falling) for course in courses]
    fastest = own.least(np.array(found, dtype=np.float64))
    return Reached(target=target, images=tuple(decimals(images, 1) for images in fastest))
