"""``results/metrics.json``: what every optimizer reached on every problem."""

from __future__ import annotations

from pathlib import Path

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
    """What one optimizer reached on one problem. Accuracies are fractions, losses mean cross-entropies in nats."""

    test_accuracy: OverSeeds
    train_accuracy: OverSeeds
    validation_accuracy: OverSeeds
    generalization_gap: OverSeeds  # training accuracy − test accuracy
    test_loss: OverSeeds
    train_loss: OverSeeds
    calibration_error: OverSeeds
    per_class: dict[str, float]  # test accuracy, mean over the seeds
    diverged: int
    trainings: tuple[str, ...]  # keys of the final trainings, in the order of the seeds
    convergence: Convergence
    learning_rate: float  # chosen by the search
    tuned_accuracy: float  # its validation accuracy in the search
    trials: int  # how many rates were tried
    on_edge: bool  # whether the best lies on the edge of the grid
    parameters: dict[str, int]  # how many each optimizer class updated


class Metrics(Document):
    """What every optimizer reached: `problems` is by problem and optimizer."""

    PATH = Path("results/metrics.json")

    problems: dict[str, dict[str, OptimizerMetrics]]
