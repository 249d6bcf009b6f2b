from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation import curves
from pipeline.project import files
from pipeline.training.record import Outcome, Point
from tests import studies

AVERAGED = ["train_loss", "update", "validation_loss", "validation_accuracy"]


def noisy(seed: int, optimizer: str = "adam", *, looks: int = 1, epochs: int = 2) -> Outcome:
    """A history of ten points per epoch, of 100 steps and 5,000 images."""
    rng = np.random.default_rng([seed, len(optimizer)])
    points = []
    for number in range(1, 10 * epochs + 1):
        measured = number % (10 // looks) == 0
        loss, update, validation, accuracy = (round(float(value), 6) for value in rng.uniform(0, 1, 4))
        points.append(
            Point(number * 10, number * 500, loss, update, *((validation, accuracy) if measured else (None, None)))
        )
    asked = studies.training(seed=seed, optimizer=optimizer, epochs=epochs, validations_per_epoch=looks)
    return Outcome(asked, f"{optimizer}{seed}", tuple(points), None, {"Adam": 10}, steps_per_epoch=100)


def broken_off(whole: Outcome, at: int) -> Outcome:
    """What training makes of a divergence at a step: nothing finite from there on, the end with the epoch."""
    end = -(-at // 100) * 100
    points = []
    for point in whole.history:
        if point.step < at:
            points.append(point)
        elif point.step <= end:
            points.append(
                Point(point.step, point.images, None, None, None, None if point.validation_loss is None else 0.0)
            )
    return replace(whole, history=tuple(points), diverged_at=at)


@pytest.mark.parametrize("looks", [1, 2, 5, 10])
def test_means_over_seeds_are_those_of_pandas(looks: int) -> None:
    outcomes = [noisy(seed, name, looks=looks) for name in ("adam", "sgd") for seed in (1, 2, 3)]
    found = curves.training_curves(outcomes)
    assert len(found) == 40
    for name in ("adam", "sgd"):
        frames = [pd.DataFrame(o.history) for o in outcomes if o.training.optimizer == name]
        expected = sum(frame[AVERAGED].astype(float) for frame in frames) / 3
        own = found[found["optimizer"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(own[AVERAGED], expected)
        assert own["step"].tolist() == list(range(10, 201, 10))
        assert own["epoch"].tolist() == pytest.approx(np.arange(1, 21) / 10)
        assert own["validation_loss"].notna().sum() == 2 * looks


@pytest.mark.parametrize("looks", [1, 5])
@pytest.mark.parametrize("at", [1, 4, 55, 100, 101, 160])
def test_a_diverged_seed_empties_the_mean_and_does_not_shrink_it(at: int, looks: int) -> None:
    outcomes = [noisy(seed, looks=looks) for seed in (1, 2, 3)]
    whole = curves.training_curves(outcomes)
    found = curves.training_curves([*outcomes[:2], broken_off(outcomes[2], at)])
    assert found["step"].tolist() == whole["step"].tolist()
    assert found["epoch"].tolist() == pytest.approx(whole["epoch"].tolist())
    before = whole["step"] < at
    pd.testing.assert_frame_equal(found[before], whole[before])
    assert found.loc[~before, AVERAGED].isna().all(axis=None)


def test_other_optimizers_keep_their_means() -> None:
    outcomes = [noisy(seed, "sgd") for seed in (1, 2)]
    broken = [broken_off(noisy(seed, "adam"), 30) for seed in (1, 2)]
    found = curves.training_curves([*outcomes, *broken])
    alone = curves.training_curves(outcomes)
    pd.testing.assert_frame_equal(found[found["optimizer"] == "sgd"].reset_index(drop=True), alone)
    adam = found[found["optimizer"] == "adam"]
    assert adam["train_loss"].notna().tolist() == [True, True] + 8 * [False]
    assert adam["epoch"].tolist() == pytest.approx(np.arange(1, 11) / 10)


def test_a_look_without_a_finite_value_is_empty() -> None:
    first, second = noisy(1), noisy(2)
    points = list(second.history)
    points[9] = Point(100, 5000, 0.5, None, None, 0.4)
    found = curves.training_curves([first, replace(second, history=tuple(points))])
    row = found[found["step"] == 100].iloc[0]
    assert row[["update", "validation_loss"]].isna().all()
    assert row[["train_loss", "validation_accuracy"]].notna().all()


def test_tables_survive_their_files(tmp_path) -> None:
    outcomes = [noisy(1), broken_off(noisy(2), 55)]
    frame = curves.training_curves(outcomes)
    files.write_csv(tmp_path / "curves.csv", frame)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "curves.csv"), frame, rtol=1e-7)
