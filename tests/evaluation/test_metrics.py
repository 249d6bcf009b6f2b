"""Predictions to metrics and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.evaluation import convergence, metrics
from pipeline.evaluation.assessment import Assessment
from pipeline.results.metrics import Metrics, OptimizerMetrics, OverSeeds
from pipeline.running.outputs import Choice
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.training.record import Outcome

CLASSES = ("cat", "dog", "owl")


def made_up(predictions: list[list[int]], confidences: list[list[float]] | None = None) -> Assessment:
    found = np.array(predictions, dtype=np.int16)
    seeds = len(found)
    return Assessment(
        predictions=found,
        confidences=np.array(confidences or np.full(found.shape, 0.9), dtype=np.float32),
        test_loss=np.linspace(0.5, 0.7, seeds),
        train_loss=np.linspace(0.4, 0.6, seeds),
        train_accuracy=np.linspace(0.8, 0.9, seeds),
    )


def summarised(assessment: Assessment, labels: np.ndarray, outcomes: list[Outcome]) -> OptimizerMetrics:
    choice = Choice(learning_rate=0.01, validation_accuracy=0.7, trials=5, on_edge=True)
    speed = convergence.summary(outcomes, None, None)
    return metrics.optimizer_metrics(assessment, labels, CLASSES, outcomes, choice, speed)


# --- over seeds -------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_interval_over_seeds_is_scipys(values: list[float]) -> None:
    found = metrics.over_seeds(np.array(values))
    mean, error = np.mean(values), stats.sem(values)
    low, high = stats.t.interval(0.95, len(values) - 1, mean, error) if error > 0 else (mean, mean)
    assert (found.mean, found.low, found.high) == pytest.approx((mean, low, high), abs=2e-6)
    assert found.seeds == pytest.approx(values, abs=1e-6)


def test_one_seed_has_no_interval() -> None:
    assert metrics.over_seeds(np.array([0.5])) == OverSeeds(mean=0.5, low=None, high=None, seeds=(0.5,))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_takes_the_mean_with_it(bad: float) -> None:
    found = metrics.over_seeds(np.array([0.5, bad, 0.7]))
    assert found == OverSeeds(mean=None, low=None, high=None, seeds=(0.5, None, 0.7))


# --- metrics ----------------------------------------------------------------------------------------------


def test_metrics_by_hand() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    outcomes = [studies.outcome(0.6, seed=1), studies.outcome(0.8, seed=2)]
    found = summarised(made_up([[0, 0, 1, 0, 2, 2], [0, 1, 1, 0, 0, -1]]), labels, outcomes)
    assert found.test_accuracy.seeds == pytest.approx([5 / 6, 2 / 6], abs=1e-6)
    assert found.test_accuracy.mean == pytest.approx(7 / 12, abs=1e-6)
    assert found.validation_accuracy.seeds == (0.6, 0.8)
    # train − test, seed by seed
    assert found.generalization_gap.seeds == pytest.approx([0.8 - 5 / 6, 0.9 - 2 / 6], abs=1e-6)
    assert found.per_class == {"cat": 0.75, "dog": 0.5, "owl": 0.5}
    assert found.diverged == 0
    assert found.trainings == tuple(outcome.key for outcome in outcomes)
    assert (found.learning_rate, found.tuned_accuracy, found.trials, found.on_edge) == (0.01, 0.7, 5, True)


def test_a_seed_that_diverged_predicts_nothing_and_is_counted_wrong() -> None:
    labels = np.array([0, 1, 2])
    made = made_up([[0, 1, 2], [-1, -1, -1]], [[0.9] * 3, [0.0] * 3])
    found = summarised(made, labels, [studies.outcome(seed=1), studies.diverged(seed=2)])
    assert found.test_accuracy.seeds == (1.0, 0.0)
    assert found.validation_accuracy.seeds == (0.8, 0.0)
    assert found.per_class == dict.fromkeys(CLASSES, 0.5)
    assert found.diverged == 1


def test_metrics_of_broken_networks_survive_their_file(tmp_path: Path) -> None:
    worst = made_up([[0, 1, -1]])
    broken = Assessment(worst.predictions, worst.confidences, np.array([np.nan]), np.array([np.inf]), np.array([0.1]))
    found = Metrics(problems={"p": {"adam": summarised(broken, np.array([0, 1, 2]), [studies.outcome()])}})
    found.write(tmp_path / "metrics.json")
    assert Metrics.read(tmp_path / "metrics.json") == found
    assert found.problems["p"]["adam"].test_loss.seeds == (None,)


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
