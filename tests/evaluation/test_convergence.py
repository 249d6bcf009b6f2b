from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation import convergence
from pipeline.results.metrics import Length, OverSeeds, Reached
from pipeline.training.record import Outcome, Point, Training


def outcome(losses, updates=None, validation=None, diverged_at=None):
    """Return a training with a point every 10 steps of 4 images."""
    count = len(losses)
    updates = updates or [1.0] * count
    validation = validation or [None] * count
    history = tuple(
        Point(10 * (n + 1), 40 * (n + 1), loss, update, None, accuracy)
        for n, (loss, update, accuracy) in enumerate(zip(losses, updates, validation, strict=True))
    )
    training = Training("train", "digits", "adam", "digits_cnn", {}, 0.1, 1, 4, 1, 1, "data")
    return Outcome(training, "key", history, diverged_at, {"Adam": 10})


def steps_to_loss(found, target):
    return convergence.summary([found], target, None).train_loss.steps[0]


def steps_to_accuracy(found, target):
    return convergence.summary([found], None, target).validation_accuracy.steps[0]


def test_a_target_loss_is_reached_at_the_first_point_at_or_below_it():
    found = convergence.summary([outcome([2.0, 1.5, 1.0, 1.2, 0.9])], 1.0, None)
    assert found.train_loss == Reached(target=1.0, steps=(30,), images=(120,))
    assert steps_to_loss(outcome([2.0, 1.5]), 1.0) is None


def test_a_loss_that_is_not_finite_reaches_nothing():
    assert steps_to_loss(outcome([2.0, None], diverged_at=15), 5.0) == 10
    assert steps_to_loss(outcome([None, None], diverged_at=1), 5.0) is None


def test_a_target_accuracy_is_reached_where_it_was_measured():
    found = outcome([2.0] * 5, validation=[None, 0.4, None, 0.5, 0.7])
    assert steps_to_accuracy(found, 0.5) == 40
    assert steps_to_accuracy(found, 0.4) == 20
    assert steps_to_accuracy(found, 0.71) is None


@pytest.mark.parametrize(
    ("updates", "expected"),
    [
        ([4.0, 2.0, 9.0, 9.0, 9.0, 9.0, 1.0, 2.0], 0.5),
        ([1.0] * 8, 1.0),
        ([2.0, 1.0, 4.0], 2.0),
        ([5.0], 1.0),
        # 10 points: a quarter is two whole points
        ([1.0, 3.0, 0, 0, 0, 0, 0, 0, 4.0, 4.0], 2.0),
    ],
)
def test_persistence_compares_the_last_quarter_with_the_first(updates, expected):
    assert convergence.step_persistence(outcome([1.0] * len(updates), updates)) == pytest.approx(expected)


def test_persistence_of_a_decaying_step_agrees_with_the_integral():
    steps = np.arange(1, 4001)
    found = convergence.step_persistence(outcome([1.0] * 4000, list(1 / np.sqrt(steps))))
    # mean of 1/√t over the last quarter over that of the first: (2 − √3)·… in the limit of many points
    assert found == pytest.approx((1 - np.sqrt(0.75)) / np.sqrt(0.25), rel=0.03)


@pytest.mark.parametrize(
    ("updates", "diverged_at"), [([1.0, None], None), ([1.0, 1.0], 12), ([0.0, 1.0], None), ([None, None], 1)]
)
def test_no_persistence_is_made_up(updates, diverged_at):
    assert convergence.step_persistence(outcome([1.0, 1.0], updates, diverged_at=diverged_at)) is None


def test_the_summary_has_a_value_a_seed_in_their_order():
    outcomes = [
        outcome([2.0, 0.9], [2.0, 1.0], [0.3, 0.6]),
        outcome([2.0, 1.9], [4.0, 1.0], [0.3, 0.4]),
    ]
    found = convergence.summary(outcomes, 1.0, 0.5)
    assert found.train_loss == Reached(target=1.0, steps=(20, None), images=(80, None))
    assert found.validation_accuracy == Reached(target=0.5, steps=(20, None), images=(80, None))
    assert found.length == Length(steps=20, images=80)
    assert found.step_persistence.mean == 0.375
    assert found.step_persistence.seeds == (0.5, 0.25)


def test_a_target_that_is_not_set_is_not_reported():
    found = convergence.summary([outcome([2.0]), outcome([2.0])], None, 0.5)
    assert found.train_loss is None
    assert found.validation_accuracy.steps == (None, None)


def test_a_diverged_seed_takes_the_mean_away_and_the_length_from_another():
    broken = outcome([2.0], diverged_at=3)
    found = convergence.summary([broken, outcome([2.0, 1.0])], 1.0, None)
    assert found.step_persistence == OverSeeds(mean=None, low=None, high=None, seeds=(None, 1.0))
    assert found.length == Length(steps=20, images=80)
    assert convergence.summary([broken], 1.0, None).length is None
