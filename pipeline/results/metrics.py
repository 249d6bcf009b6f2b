"""``results/metrics.json``: what every optimizer reached on every problem."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pipeline.results.document import Document, Record


class OverSeeds(Record):
    """A quantity with one value per seed, None where there is none (a loss after a divergence).

    The mean and its 95 % Student t interval are None if any seed has no value.
    """

    mean: float | None
    low: float | None
    high: float | None
    seeds: tuple[float | None, ...]


class Reached(Record):
    """After which step and training example each seed first reached a target, None if it never did.

    The target is in nats (training loss) or a fraction (validation accuracy).
    """

    target: float
    steps: tuple[int | None, ...]
    images: tuple[int | None, ...]


class Length(Record):
    """Optimizer steps and training examples of a whole training."""

    steps: int
    images: int


class Convergence(Record):
    """How an optimizer's seeds converge; `step_persistence` is the share of the early step size left at the end.

    None stands for a target that the problem does not have, and for the length if every seed diverged.
    """

    train_loss: Reached | None
    validation_accuracy: Reached | None
    step_persistence: OverSeeds
    length: Length | None


class OptimizerMetrics(Record):
    """What one optimizer reached on one problem.

    Accuracies are fractions (of all tokens for next_token). Losses are mean cross-entropies in nats, or squared errors
    in variances of the training targets for a regression, which has no accuracy.
    """

    test_accuracy: OverSeeds | None
    train_accuracy: OverSeeds | None
    validation_accuracy: OverSeeds | None
    generalization_gap: OverSeeds | None  # training accuracy − test accuracy
    test_loss: OverSeeds
    train_loss: OverSeeds
    calibration_error: OverSeeds | None
    per_class: dict[str, float]  # test accuracy, mean over the seeds; of a classification with few enough classes
    diverged: int
    trainings: tuple[str, ...]  # keys of the final trainings, in the order of the seeds
    convergence: Convergence
    learning_rate: float  # chosen by the search
    tuned_accuracy: float | None  # its validation accuracy in the search
    trials: int  # how many rates were tried
    on_edge: bool  # whether the best lies on the edge of the grid
    parameters: dict[str, int]  # how many each optimizer class updated
    validation_loss: OverSeeds | None = None  # None in files of before it was recorded
    tuned_loss: float | None = None  # its validation loss in the search
    measure: Literal["accuracy", "loss"] = "accuracy"  # what the problem is judged by

    @property
    def reached(self) -> OverSeeds:
        """The measure of the problem on the test examples: the accuracy, or the loss."""
        if self.measure == "accuracy" and self.test_accuracy is not None:
            return self.test_accuracy
        return self.test_loss

    @property
    def tuned_score(self) -> float:
        """The measure of the chosen learning rate in the search, higher is better: the accuracy, or minus the loss."""
        if self.measure == "accuracy" and self.tuned_accuracy is not None:
            return self.tuned_accuracy
        return float("-inf") if self.tuned_loss is None else -self.tuned_loss


class Metrics(Document):
    """What every optimizer reached: `problems` is by problem and optimizer."""

    PATH = Path("results/metrics.json")

    problems: dict[str, dict[str, OptimizerMetrics]]
