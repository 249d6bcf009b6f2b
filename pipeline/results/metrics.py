"""``results/metrics.json``: what every optimizer reached on every problem."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class OverSeeds(Record):
    """A quantity with one value for each seed, None where there is none (a loss after a divergence).

    The mean and its 95 % Student t interval are None where a seed has no value.
    """

    mean: float | None
    low: float | None
    high: float | None
    seeds: tuple[float | None, ...]


class Reached(Record):
    """After which step and training example each seed first reached a target; None for a seed that never did.

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
    """How an optimizer's seeds converge; `step_persistence` is the share of the early step that is left at the end.

    None stands for a target that the problem does not have, and for the length where every seed diverged.
    """

    train_loss: Reached | None
    validation_accuracy: Reached | None
    step_persistence: OverSeeds
    length: Length | None


class OptimizerMetrics(Record):
    """What one optimizer reached on one problem. Accuracies are fractions 0 to 1, losses mean cross-entropies in nats.

    Attributes
    ----------
    generalization_gap
        Training accuracy − test accuracy.
    per_class
        Test accuracy by class, mean over the seeds.
    trainings
        The keys of the final trainings, in the order of the seeds.
    learning_rate, tuned_accuracy, trials, on_edge
        Of the search: the rate that was chosen, its validation accuracy, how many rates were tried, and whether the
        best lies on the edge of the grid.
    parameters
        How many parameters each optimizer class updated.
    """

    test_accuracy: OverSeeds
    train_accuracy: OverSeeds
    validation_accuracy: OverSeeds
    generalization_gap: OverSeeds
    test_loss: OverSeeds
    train_loss: OverSeeds
    calibration_error: OverSeeds
    per_class: dict[str, float]
    diverged: int
    trainings: tuple[str, ...]
    convergence: Convergence
    learning_rate: float
    tuned_accuracy: float
    trials: int
    on_edge: bool
    parameters: dict[str, int]


class Metrics(Document):
    """What every optimizer reached: `problems` is by problem and optimizer."""

    PATH = Path("results/metrics.json")

    problems: dict[str, dict[str, OptimizerMetrics]]
