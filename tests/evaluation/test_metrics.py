"""Predictions to metrics and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.evaluation import metrics
from pipeline.evaluation.assessment import Assessment
from pipeline.evaluation.choosing import Replicates
from pipeline.evaluation.speed import speed
from pipeline.results.metrics import Length, Metrics, OptimizerMetrics, OverSeeds, Search, SettingRecord
from pipeline.settings.study import TargetSettings
from pipeline.training.record import Outcome, Point
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.prepared.reader import Task
    from pipeline.settings.study import MeasureName

CLASSES = ("cat", "dog", "owl")


def made_up(predictions: list[list[int]], confidences: list[list[float]] | None = None) -> Assessment:
    found = np.array(predictions, dtype=np.int16)
    networks = len(found)
    return Assessment(
        predictions=found,
        confidences=np.array(confidences or np.full(found.shape, 0.9), dtype=np.float32),
        test_loss=np.linspace(0.5, 0.7, networks),
        train_loss=np.linspace(0.4, 0.6, networks),
        train_accuracy=np.linspace(0.8, 0.9, networks),
        hashes=np.arange(networks * 32, dtype=np.uint8).reshape(networks, 32),
    )


def summarised(
    assessment: Assessment,
    labels: np.ndarray,
    outcomes: list[Outcome],
    measure: MeasureName = "accuracy",
    task: Task = "classification",
) -> OptimizerMetrics:
    own = Replicates(outcomes, measure)
    rates = dict.fromkeys(outcome.training.learning_rate for outcome in outcomes)
    survivors = tuple(SettingRecord(learning_rate=rate) for rate in rates)
    search = Search(survivors=survivors, picked=own.picked, trials=5, on_edge=True, tuned_accuracy=0.7)
    return metrics.optimizer_metrics(assessment, labels, CLASSES, own, search, speed(own, TargetSettings()), task)


# --- over seeds -------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_interval_over_seeds_is_scipys(values: list[float]) -> None:
    found = metrics.over_seeds(np.array(values))
    mean, error = np.mean(values), stats.sem(values)
    low, high = stats.t.interval(0.95, len(values) - 1, mean, error) if error > 0 else (mean, mean)
    assert (found.mean, found.low, found.high) == pytest.approx((mean, low, high), abs=2e-6)
    assert found.seeds == pytest.approx(values, abs=1e-6)


def test_one_seed_has_no_interval() -> None:
    # Student's would reach from -0.07 to 1.83
    wide = metrics.over_seeds(np.array([0.76, 1.0]), (0.0, 1.0))
    assert (wide.mean, wide.low, wide.high) == (0.88, 0.0, 1.0)
    assert metrics.over_seeds(np.array([0.5])) == OverSeeds(mean=0.5, low=None, high=None, seeds=(0.5,))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_takes_the_mean_with_it(bad: float) -> None:
    found = metrics.over_seeds(np.array([0.5, bad, 0.7]))
    assert found == OverSeeds(mean=None, low=None, high=None, seeds=(0.5, None, 0.7))


# --- metrics ----------------------------------------------------------------------------------------------


LABELS = np.array([0, 0, 1, 1, 2, 2])
RIGHT = [0, 0, 1, 1, 2, 2]


def test_metrics_by_hand() -> None:
    outcomes = [studies.outcome(0.6, seed=1), studies.outcome(0.8, seed=2)]
    found = summarised(made_up([[0, 0, 1, 0, 2, 2], [0, 1, 1, 0, 0, -1]]), LABELS, outcomes)
    assert found.test_accuracy.seeds == pytest.approx([5 / 6, 2 / 6], abs=1e-6)
    assert found.test_accuracy.mean == pytest.approx(7 / 12, abs=1e-6)
    assert found.validation_accuracy.seeds == (0.6, 0.8)
    assert found.validation_loss.seeds == (0.5, 0.5)
    # train − test, seed by seed
    assert found.generalization_gap.seeds == pytest.approx([0.8 - 5 / 6, 0.9 - 2 / 6], abs=1e-6)
    assert found.per_class == {"cat": 0.75, "dog": 0.5, "owl": 0.5}
    assert found.diverged == ()
    assert found.trainings == tuple(outcome.key for outcome in outcomes)
    assert found.length == Length(steps=20, images=1000)
    assert found.step_persistence.seeds == (1.0, 1.0)
    assert (found.search.tuned_accuracy, found.search.trials, found.search.on_edge) == (0.7, 5, True)


def two_settings() -> tuple[Assessment, list[Outcome]]:
    """Two settings and two seeds: seed 1 picks the second setting, seed 2 the first."""
    accuracies = [(0.6, 1, 0.1), (0.8, 2, 0.1), (0.7, 1, 0.2), (0.5, 2, 0.2)]
    outcomes = [studies.outcome(a, seed=seed, learning_rate=rate) for a, seed, rate in accuracies]
    wrong = [1, 1, 2, 2, 0, 0]
    return made_up([wrong, RIGHT, RIGHT, wrong]), outcomes


def test_what_is_tested_is_picked_by_validation_and_what_is_trained_by_itself() -> None:
    assessment, outcomes = two_settings()
    found = summarised(assessment, LABELS, outcomes)
    assert found.search.picked == (1, 0)
    assert found.test_accuracy.seeds == (1.0, 1.0)
    assert found.trainings == (outcomes[2].key, outcomes[1].key)
    # the losses on training examples are 0.4, 0.466667, 0.533333, 0.6
    assert found.train_loss.seeds == (0.533333, 0.466667)
    assert found.best_train_loss.seeds == (0.4, 0.466667)
    assert found.best_train_accuracy.seeds == (0.866667, 0.9)
    assert found.per_class == dict.fromkeys(CLASSES, 1.0)


def test_a_seed_that_diverged_has_the_worst_accuracy_and_no_loss_gap_or_calibration() -> None:
    labels = np.array([0, 1, 2])
    made = made_up([[0, 1, 2], [-1, -1, -1]], [[0.9] * 3, [0.0] * 3])
    found = summarised(made, labels, [studies.outcome(seed=1), studies.diverged(seed=2)])
    assert found.diverged == (1,)
    assert found.test_accuracy.seeds == (1.0, 0.0)
    assert found.validation_accuracy.seeds == (0.8, 0.0)
    assert found.train_accuracy.seeds == found.best_train_accuracy.seeds == (0.8, 0.0)
    assert found.per_class == dict.fromkeys(CLASSES, 0.5)
    for quantity in (found.test_loss, found.train_loss, found.validation_loss, found.best_train_loss):
        assert quantity.seeds[1] is None
        assert quantity.mean is None
    assert found.generalization_gap.seeds[1] is found.calibration_error.seeds[1] is None


def test_a_setting_that_diverged_is_not_picked_and_counts_for_nothing() -> None:
    assessment = made_up([RIGHT, [-1] * 6])
    outcomes = [studies.outcome(0.1, seed=1, learning_rate=0.1), studies.diverged(seed=1, learning_rate=0.2)]
    found = summarised(assessment, LABELS, outcomes)
    assert (found.diverged, found.search.picked) == ((), (0,))
    # the second one's loss, 0.6, and accuracy, 0.9, say nothing
    assert (found.best_train_loss.seeds, found.best_train_accuracy.seeds) == ((0.4,), (0.8,))


def test_all_diverged() -> None:
    found = summarised(made_up([[-1] * 6] * 2), LABELS, [studies.diverged(seed=1), studies.diverged(seed=2)])
    assert found.diverged == (0, 1)
    assert found.length is None
    assert found.step_persistence.seeds == found.best_train_loss.seeds == found.speed.area.seeds == (None, None)


def test_a_regression_has_no_accuracy_and_goes_by_its_loss() -> None:
    empty = made_up([[], []])
    outcomes = [studies.outcome(None, loss=loss, seed=1, learning_rate=loss) for loss in (0.5, 0.4)]
    found = summarised(empty, np.zeros((3, 1), np.float32), outcomes, "loss", "regression")
    assert found.search.picked == (1,)
    assert found.test_accuracy is found.best_train_accuracy is found.generalization_gap is None
    assert found.best_train_loss.seeds == (0.4,)
    assert found.reached is found.test_loss
    assert found.per_class == {}


def test_metrics_of_broken_networks_survive_their_file(tmp_path: Path) -> None:
    worst = made_up([[0, 1, -1]])
    broken = Assessment(**{**vars(worst), "test_loss": np.array([np.nan]), "train_loss": np.array([np.inf])})
    found = Metrics(problems={"p": {"adam": summarised(broken, np.array([0, 1, 2]), [studies.outcome()])}})
    found.write(tmp_path / "metrics.json")
    assert Metrics.read(tmp_path / "metrics.json") == found
    assert found.problems["p"]["adam"].test_loss.seeds == (None,)


# --- how much of the step is left ---------------------------------------------------------------------------


def stepping(updates: list[float | None], diverged_at: int | None = None) -> Outcome:
    history = tuple(Point(10 * n, 40 * n, 1.0, update) for n, update in enumerate(updates, 1))
    return Outcome(studies.training(), "key", history, diverged_at, {"Adam": 10})


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
def test_persistence_compares_the_last_quarter_with_the_first(updates: list[float | None], expected: float) -> None:
    assert metrics.step_persistence(stepping(updates)) == pytest.approx(expected)


def test_persistence_of_a_decaying_step_agrees_with_the_integral() -> None:
    found = metrics.step_persistence(stepping(list(1 / np.sqrt(np.arange(1, 4001)))))
    # mean of 1/√t over the last quarter over that of the first: (2 − √3)·… in the limit of many points
    assert found == pytest.approx((1 - np.sqrt(0.75)) / np.sqrt(0.25), rel=0.03)


@pytest.mark.parametrize(
    ("updates", "diverged_at"), [([1.0, None], None), ([1.0, 1.0], 12), ([0.0, 1.0], None), ([None, None], 1)]
)
def test_no_persistence_is_made_up(updates: list[float | None], diverged_at: int | None) -> None:
    assert metrics.step_persistence(stepping(updates, diverged_at)) is None


# --- twins --------------------------------------------------------------------------------------------------


def test_twins_have_equal_weights_with_every_seed() -> None:
    first, second, third = (np.full((2, 32), value, np.uint8) for value in (1, 2, 3))
    mixed = np.stack([first[0], second[0]])
    hashes = {"a": first, "b": second, "c": first.copy(), "d": mixed, "e": first.copy(), "f": second.copy(), "g": third}
    assert metrics.twins(hashes) == {"c": "a", "e": "a", "f": "b"}


# --- calibration ------------------------------------------------------------------------------------------


def slow_calibration_error(confidences: np.ndarray, hits: np.ndarray) -> float:
    """Guo et al. 2017, eq. 3, bin by bin; bins are [k/15, (k+1)/15), the last one closed."""
    total = 0.0
    for k in range(15):
        low, high = k / 15, (k + 1) / 15
        inside = [i for i, c in enumerate(confidences) if low <= c < high or (k == 14 and c == 1)]
        if inside:
            accuracy = sum(hits[i] for i in inside) / len(inside)
            confidence = sum(float(confidences[i]) for i in inside) / len(inside)
            total += len(inside) / len(hits) * abs(accuracy - confidence)
    return total


def test_calibration_error_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(1)
    predictions = rng.integers(-1, 3, (4, 300))
    labels = rng.integers(0, 3, 300)
    confidences = rng.uniform(0, 1, (4, 300))
    confidences[predictions < 0] = 0.0
    confidences[0, :3] = 1.0
    made = made_up(predictions.tolist(), confidences.tolist())
    found = metrics.calibration_errors(made, labels)
    expected = [
        slow_calibration_error(c.astype(np.float64), p == labels)
        for c, p in zip(made.confidences, predictions, strict=True)
    ]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("predicted", "confidence", "error"), [(0, 1.0, 0.0), (1, 1.0, 1.0), (-1, 0.0, 0.0)])
def test_calibration_error_at_its_ends(predicted: int, confidence: float, error: float) -> None:
    made = made_up([[predicted] * 4], [[confidence] * 4])
    assert metrics.calibration_errors(made, np.zeros(4, np.int64)) == pytest.approx([error])


# --- tables -----------------------------------------------------------------------------------------------


def test_per_class_intervals_are_wilsons_over_images_not_seeds() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    rows = metrics.per_class_rows({"cat": 0.5, "dog": 0.9, "owl": 1.0}, labels)
    assert [row["class"] for row in rows] == list(CLASSES)
    for row, count in zip(rows, (50, 30, 20), strict=True):
        hits = row["accuracy"] * count
        assert float(hits).is_integer()
        expected = stats.binomtest(round(hits), count).proportion_ci(0.95, method="wilson")
        assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2)), min_size=1, max_size=60))
def test_confusion_counts_every_image_once(pairs: list[tuple[int, int]]) -> None:
    labels = np.array([actual for actual, _ in pairs])
    predictions = np.array([guess for _, guess in pairs], dtype=np.int16)
    rows = metrics.confusion_rows(predictions, labels, CLASSES)
    assert sum(row["count"] for row in rows) == len(pairs)
    cells = {(row["actual"], row["predicted"]): row["count"] for row in rows}
    assert len(cells) == len(rows)
    # a full square, and a column for "none" where there is one
    assert {(a, b) for a in CLASSES for b in CLASSES} <= set(cells)
    for (actual, predicted), count in cells.items():
        guess = -1 if predicted == "none" else CLASSES.index(predicted)
        assert count == sum(pair == (CLASSES.index(actual), guess) for pair in pairs)
