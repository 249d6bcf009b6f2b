"""How soon a training reaches a target: by hand, and against a slow computation from single batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation import speed
from pipeline.evaluation.choosing import Replicates
from pipeline.evaluation.speed import Course
from pipeline.results.metrics import OverSeeds
from pipeline.settings.study import TargetSettings
from pipeline.training.record import Outcome, Point
from tests import studies

BATCH = 4


def trained(losses: list[float], steps_per_epoch: int, *, looks: int = 10, **changes: object) -> Outcome:
    """A training with these losses of single batches, looked at so often in an epoch as `train` does."""
    epochs = len(losses) // steps_per_epoch
    within = sorted({round(steps_per_epoch * part / looks) for part in range(1, looks + 1)} - {0})
    ends = [epoch * steps_per_epoch + step for epoch in range(epochs) for step in within]
    begins = [0, *ends[:-1]]
    points = tuple(
        Point(end, end * BATCH, float(np.mean(losses[begin:end])), 0.1) for begin, end in zip(begins, ends, strict=True)
    )
    asked = studies.training(epochs=epochs, batch_size=BATCH, **changes)
    return Outcome(asked, f"{asked.seed} {asked.learning_rate}", points, None, {}, steps_per_epoch=steps_per_epoch)


def course(images: list[float], values: list[float]) -> Course:
    return Course(np.array(images), np.array(values))


# --- the loss averaged over an epoch's length ---------------------------------------------------------------


@given(st.integers(1, 4), st.integers(1, 37), st.data())
def test_the_running_mean_is_that_of_the_single_batches(epochs: int, steps: int, data: st.DataObject) -> None:
    losses = data.draw(st.lists(st.floats(0, 10), min_size=epochs * steps, max_size=epochs * steps))
    found = speed.train_loss(trained(losses, steps))
    assert found is not None
    ends = (found.images / BATCH).astype(int).tolist()
    expected = [np.mean(losses[max(0, end - steps) : end]) for end in ends]
    assert found.values == pytest.approx(expected, abs=1e-9)
    assert ends[-1] == len(losses)


def test_a_jump_where_an_epoch_begins_reaches_no_target() -> None:
    # in each epoch the same loss, but for its first batches, which are much lower
    losses = [2.0] * 10 + ([0.5] * 2 + [2.0] * 8) * 2
    found = speed.train_loss(trained(losses, 10))
    assert found is not None
    assert found.values.min() == pytest.approx(1.7)
    assert speed.images_to(found, 1.6, falling=True) is None


def test_a_diverged_training_has_no_course() -> None:
    broken = studies.diverged()
    assert speed.train_loss(broken) is None
    assert speed.validation_accuracy(broken) is None


def test_accuracies_are_those_that_were_measured() -> None:
    found = speed.validation_accuracy(studies.outcome(0.8))
    assert found is not None
    assert (found.images.tolist(), found.values.tolist()) == ([500, 1000], [0.5, 0.8])
    regression = studies.outcome(None)
    unmeasured = replace(regression, history=tuple(replace(p, validation_accuracy=None) for p in regression.history))
    assert speed.validation_accuracy(unmeasured) is None


# --- targets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "images"), [(2.5, 100), (2.0, 100), (1.8, 120), (1.0, 200), (0.75, 225), (0.5, 250), (0.4, None)]
)
def test_between_two_looks_a_loss_is_a_straight_line(target: float, images: float | None) -> None:
    # afterwards it rises: the first time counts
    assert speed.images_to(course([100, 200, 250, 300], [2.0, 1.0, 0.5, 1.5]), target, falling=True) == images


@pytest.mark.parametrize(("target", "images"), [(0.3, 4000), (0.45, 6000), (0.6, 8000), (0.7, 18_000), (0.81, None)])
def test_few_validations_are_interpolated_too(target: float, images: float | None) -> None:
    found = speed.images_to(
        course([4000, 8000, 12_000, 16_000, 20_000], [0.3, 0.6, 0.5, 0.6, 0.8]), target, falling=False
    )
    assert found == (None if images is None else pytest.approx(images))


@given(st.lists(st.floats(0.1, 9), min_size=1, max_size=30), st.floats(0.1, 9))
def test_an_easier_target_is_never_reached_later(values: list[float], target: float) -> None:
    curve = course([float(place) for place in range(1, len(values) + 1)], values)
    easy, hard = (speed.images_to(curve, goal, falling=True) for goal in (target + 0.1, target))
    assert hard is None or (easy is not None and easy <= hard + 1e-9)


# --- area ---------------------------------------------------------------------------------------------------


def test_the_area_is_the_mean_of_the_curve() -> None:
    assert speed.area(course([100], [2.0])) == 2.0
    # 2 until the first look, then a straight line from 2 to 1: (2 × 100 + 1.5 × 300) / 400
    assert speed.area(course([100, 400], [2.0, 1.0])) == pytest.approx(1.625)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_the_area_agrees_with_a_fine_grid(values: list[float], seed: int) -> None:
    images = np.cumsum(np.random.default_rng(seed).uniform(1, 5, len(values)))
    grid = (np.arange(200_000) + 0.5) / 200_000 * images[-1]
    expected = np.interp(grid, images, values).mean()
    assert speed.area(Course(images, np.array(values))) == pytest.approx(expected, abs=1e-3)


# --- over seeds and settings --------------------------------------------------------------------------------


def two_settings() -> Replicates:
    """Two settings and three seeds: of seed 1 the first is faster, of 2 the second, of 3 both diverged."""
    falling, slow = [4.0, 3.0, 2.0, 1.0], [4.0, 3.6, 3.2, 2.8]
    first, second = {"learning_rate": 0.1}, {"learning_rate": 0.2}
    return Replicates(
        [
            trained(falling, 4, seed=1, **first),
            trained(slow, 4, seed=2, **first),
            studies.diverged(seed=3, **first),
            trained(slow, 4, seed=1, **second),
            trained(falling, 4, seed=2, **second),
            studies.diverged(seed=3, **second),
        ]
    )


def test_of_each_seed_the_fastest_setting_counts() -> None:
    found = speed.speed(two_settings(), TargetSettings(train_loss=(3.5, 3.0, 2.0)))
    # means so far: 4, 3.5, 3, 2.5 and 4, 3.8, 3.6, 3.4 after 4, 8, 12, 16 examples
    assert [reached.target for reached in found.train_loss] == [3.5, 3.0, 2.0]
    assert [reached.images for reached in found.train_loss] == [(8.0, 8.0, None), (12.0, 12.0, None), (None,) * 3]
    assert found.validation_accuracy == ()
    fastest = (4 * 4 + (3.75 + 3.25 + 2.75) * 4) / 16
    assert found.area == OverSeeds(mean=None, low=None, high=None, seeds=(fastest, fastest, None))


def test_a_training_that_diverges_in_the_end_reaches_nothing() -> None:
    whole = trained([4.0, 3.0, 2.0, 1.0], 2)
    broken = replace(whole, diverged_at=4, history=(*whole.history[:-1], Point(4, 16, None, None)))
    found = speed.speed(Replicates([broken]), TargetSettings(train_loss=(3.9,)))
    assert found.train_loss[0].images == (None,)
    assert found.area.seeds == (None,)


def test_targets_of_accuracy_are_reached_from_below() -> None:
    found = speed.speed(Replicates([studies.outcome(0.8)]), TargetSettings(validation_accuracy=(0.5, 0.6, 0.9)))
    images = [reached.images for reached in found.validation_accuracy]
    assert images == [(500.0,), (pytest.approx(500 + 500 / 3, abs=0.1),), (None,)]
    assert found.train_loss == ()
