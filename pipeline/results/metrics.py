"""``results/metrics.json``: what every optimizer reached on every problem."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.results.document import Document, Record

if TYPE_CHECKING:
    from collections.abc import Iterable


class OverSeeds(Record):
    """A quantity with one value per seed, None where there is none (a loss after a divergence).

    The mean and its 95 % Student t interval are None if any seed has no value.
    """

    mean: float | None
    low: float | None
    high: float | None
    seeds: tuple[float | None, ...]


class Reached(Record):
    """After how many training examples each seed reached a target; None if it never did.

    Interpolated linearly between two looks; of each seed, the fastest of its surviving settings. The target is in nats
    (training loss averaged over an epoch's length) or a fraction (validation accuracy).
    """

    target: float
    images: tuple[float | None, ...]


class Speed(Record):
    """How fast an optimizer learns, in training examples: to several targets, and over the whole training.

    `area` is the mean over the training of the training loss averaged over an epoch's length: the area under its
    curve divided by the length; of each seed, the setting that does best by it. A problem without a target has none.
    """

    train_loss: tuple[Reached, ...] = ()
    validation_accuracy: tuple[Reached, ...] = ()
    area: OverSeeds


class Length(Record):
    """Optimizer steps and training examples of a whole training."""

    steps: int
    images: int


class SettingRecord(Record):
    """A setting: the learning rate, and the other searched arguments by name."""

    learning_rate: float
    arguments: dict[str, float] = {}


class Search(Record):
    """The search of a setting, or what stands in its place, and what each seed picked.

    `trials` is 0 where the default learning rate was taken. A problem that is tuned on another repeats that search.
    """

    survivors: tuple[SettingRecord, ...]  # trained with every seed, the best of the search first
    picked: tuple[int, ...]  # by seed: the place in `survivors` of the setting with the best validation result
    trials: int  # number of settings tried, without the default one
    on_edge: bool  # the best rate is the lowest or highest tried, also after widening: a better one may lie beyond
    widened: str | None = None  # on which side (low, high) the range of learning rates was widened
    tuned_accuracy: float | None = None  # validation accuracy of the best trial
    tuned_loss: float | None = None  # its validation loss; None where every trial diverged

    @property
    def most_picked(self) -> int:
        """The place in `survivors` of the setting that most seeds picked; of equals, the better one of the search."""
        return max(range(len(self.survivors)), key=self.picked.count)

    @property
    def usual_setting(self) -> SettingRecord:
        """The setting that most seeds picked."""
        return self.survivors[self.most_picked]


class OptimizerMetrics(Record):
    """What one optimizer reached on one problem.

    Of each seed, the surviving setting with the best validation result; the quantities called ``best`` and those of
    `speed` take the setting that does best by themselves. Accuracies are fractions (of all tokens for next_token).
    Losses are mean cross-entropies in nats, or squared errors in variances of the training targets for a regression,
    which has no accuracy. After a divergence an accuracy is 0 and a loss None.
    """

    test_accuracy: OverSeeds | None
    train_accuracy: OverSeeds | None
    validation_accuracy: OverSeeds | None
    generalization_gap: OverSeeds | None  # training accuracy − test accuracy
    test_loss: OverSeeds
    train_loss: OverSeeds
    validation_loss: OverSeeds
    calibration_error: OverSeeds | None
    best_train_loss: OverSeeds  # of the training examples, after the last step
    best_train_accuracy: OverSeeds | None
    per_class: dict[str, float]  # test accuracy, mean over the seeds; of a classification with few enough classes
    speed: Speed
    step_persistence: OverSeeds  # the share of the early step size that is left at the end
    length: Length | None  # None if every seed diverged
    search: Search
    diverged: tuple[int, ...]  # the places, from 0, of the seeds whose pick diverged
    trainings: tuple[str, ...]  # keys of the picked trainings, in the order of the seeds
    weights: tuple[str, ...] = ()  # of each of these the first half of the SHA-256 of its weights; empty: not recorded
    parameters: dict[str, int]  # how many each optimizer class updated
    measure: Literal["accuracy", "loss"] = "accuracy"  # what the problem is judged by
    # an optimizer whose picked networks have the same weights with every seed: the two are one function here
    twin_of: str | None = None

    @property
    def reached(self) -> OverSeeds:
        """The measure of the problem on the test examples: the accuracy, or the loss."""
        if self.measure == "accuracy" and self.test_accuracy is not None:
            return self.test_accuracy
        return self.test_loss


def whole_training(found: Iterable[OptimizerMetrics]) -> Length | None:
    """Return the length of a whole training on a problem, the same for all; None where every seed of all diverged."""
    return max((one.length for one in found if one.length), key=lambda length: length.steps, default=None)


class Metrics(Document):
    """What every optimizer reached: `problems` is by problem and optimizer."""

    PATH = Path("results/metrics.json")

    problems: dict[str, dict[str, OptimizerMetrics]]
