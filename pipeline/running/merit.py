"""How good a training is by its problem's measure, on validation examples: what a search and a champion go by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.prepared.reader import Task
    from pipeline.settings.study import MeasureName, ProblemSettings
    from pipeline.training.record import Outcome


def measure_of(task: Task, row: ProblemSettings) -> MeasureName:
    """Return what a problem is judged by: what its row says, and the loss of a regression, which has no accuracy."""
    return "loss" if task == "regression" else row.measure


def score(outcome: Outcome, measure: MeasureName) -> float:
    """Return a training's merit, higher is better: its accuracy (0 after a divergence), or minus its loss.

    The accuracy is a fraction; a loss that is not finite gives minus infinity.
    """
    loss = None if outcome.diverged else outcome.last.validation_loss
    if measure == "accuracy":
        return outcome.validation_accuracy
    return float("-inf") if loss is None else -loss


def order(outcome: Outcome, measure: MeasureName) -> tuple[float, float]:
    """Return what trainings are ordered by, higher is better: the measure first, then a lower validation loss."""
    return score(outcome, measure), score(outcome, "loss")


def accuracy(outcome: Outcome) -> float | None:
    """Return the validation accuracy as a fraction, or None where the problem has none (a regression)."""
    measured = outcome.diverged or outcome.last.validation_accuracy is not None
    return outcome.validation_accuracy if measured else None


def in_words(
    accuracies: Sequence[float | None], losses: Sequence[float | None], measure: MeasureName, of: str = ""
) -> str:
    """Return ``validation accuracy 57.1%, mean of 3 seeds (…)``: by the measure, or by the loss where that is all.

    `of` says what several values are of, such as ``3 seeds``.
    """
    known = [value for value in accuracies if value is not None]
    if measure == "accuracy" and known:
        return f"validation accuracy {_spread(known, '.1%', of)}"
    finite = [value for value in losses if value is not None]
    return f"validation loss {_spread(finite, '.4g', of)}" if finite else "no finite validation loss"


def _spread(values: Sequence[float], form: str, of: str) -> str:
    mean = format(sum(values) / len(values), form)
    if len(values) == 1:
        return mean
    return f"{mean}, mean of {of} ({min(values):{form}} to {max(values):{form}})"
