from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.evaluation import assessment, choosing, metrics
from pipeline.evaluation.assessment import Assessment, Assignment
from pipeline.prepared import reader
from pipeline.project import files, paths
from pipeline.running import outputs
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path

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


# --- over seeds -------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_interval_over_seeds_is_scipys(values: list[float]) -> None:
    found = metrics.over_seeds(np.array(values))
    mean, error = np.mean(values), stats.sem(values)
    low, high = stats.t.interval(0.95, len(values) - 1, mean, error) if error > 0 else (mean, mean)
    assert (found["mean"], found["low"], found["high"]) == pytest.approx((mean, low, high), abs=2e-6)
    assert found["seeds"] == pytest.approx(values, abs=1e-6)


def test_one_seed_has_no_interval() -> None:
    assert metrics.over_seeds(np.array([0.5])) == {"mean": 0.5, "low": None, "high": None, "seeds": [0.5]}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_takes_the_mean_with_it(bad: float) -> None:
    found = metrics.over_seeds(np.array([0.5, bad, 0.7]))
    assert found == {"mean": None, "low": None, "high": None, "seeds": [0.5, None, 0.7]}


# --- metrics ----------------------------------------------------------------------------------------------


def test_metrics_by_hand() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    found = metrics.metrics(
        made_up([[0, 0, 1, 0, 2, 2], [0, 1, 1, 0, 0, -1]]),
        labels,
        CLASSES,
        [studies.outcome(0.6, seed=1), studies.outcome(0.8, seed=2)],
    )
    assert found["test_accuracy"]["seeds"] == pytest.approx([5 / 6, 2 / 6], abs=1e-6)
    assert found["test_accuracy"]["mean"] == pytest.approx(7 / 12, abs=1e-6)
    assert found["validation_accuracy"]["seeds"] == [0.6, 0.8]
    # train − test, seed by seed
    assert found["generalization_gap"]["seeds"] == pytest.approx([0.8 - 5 / 6, 0.9 - 2 / 6], abs=1e-6)
    assert found["per_class"] == {"cat": 0.75, "dog": 0.5, "owl": 0.5}
    assert found["diverged"] == 0


def test_a_seed_that_diverged_predicts_nothing_and_is_counted_wrong() -> None:
    labels = np.array([0, 1, 2])
    found = metrics.metrics(
        made_up([[0, 1, 2], [-1, -1, -1]], [[0.9] * 3, [0.0] * 3]),
        labels,
        CLASSES,
        [studies.outcome(seed=1), studies.diverged(seed=2)],
    )
    assert found["test_accuracy"]["seeds"] == [1.0, 0.0]
    assert found["validation_accuracy"]["seeds"] == [0.8, 0.0]
    assert found["per_class"] == dict.fromkeys(CLASSES, 0.5)
    assert found["diverged"] == 1


def test_metrics_are_json(tmp_path: Path) -> None:
    worst = made_up([[0, 1, -1]])
    broken = Assessment(worst.predictions, worst.confidences, np.array([np.nan]), np.array([np.inf]), np.array([0.1]))
    found = metrics.metrics(broken, np.array([0, 1, 2]), CLASSES, [studies.outcome()])
    files.write_json(tmp_path / "metrics.json", found)
    assert files.read_json(tmp_path / "metrics.json")["test_loss"]["seeds"] == [None]


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
    rows = metrics.per_class_rows("p", "adam", {"cat": 0.5, "dog": 0.9, "owl": 1.0}, labels)
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
    rows = metrics.confusion_rows("p", predictions, labels, CLASSES)
    assert sum(row["count"] for row in rows) == len(pairs)
    cells = {(row["actual"], row["predicted"]): row["count"] for row in rows}
    assert len(cells) == len(rows)
    # a full square, and a column for "none" where there is one
    assert {(a, b) for a in CLASSES for b in CLASSES} <= set(cells)
    for (actual, predicted), count in cells.items():
        guess = -1 if predicted == "none" else CLASSES.index(predicted)
        assert count == sum(pair == (CLASSES.index(actual), guess) for pair in pairs)


# --- the champion -----------------------------------------------------------------------------------------


def test_champion_is_the_best_seed_of_the_optimizer_with_the_best_mean() -> None:
    scattered = [studies.outcome(a, optimizer="sgd", seed=s) for s, a in enumerate([0.99, 0.2, 0.3], 1)]
    steady = [studies.outcome(a, optimizer="adam", seed=s) for s, a in enumerate([0.7, 0.72, 0.71], 1)]
    found = choosing.champion([*scattered, *steady])
    assert (found.training.optimizer, found.training.seed) == ("adam", 2)


def test_champion_does_not_depend_on_the_order_of_candidates() -> None:
    candidates = [studies.outcome(0.5 + s / 100, optimizer=o, seed=s) for o in ("a", "b") for s in (1, 2, 3)]
    better = [studies.outcome(0.9, optimizer="c", seed=s) for s in (1, 2)]
    found = {choosing.champion(order).key for order in ([*candidates, *better], [*better, *candidates][::-1])}
    assert found == {better[0].key}


def test_a_diverged_seed_counts_as_nothing() -> None:
    broken = [studies.outcome(0.9, optimizer="a", seed=1), studies.diverged(optimizer="a", seed=2)]
    whole = [studies.outcome(0.5, optimizer="b", seed=s) for s in (1, 2)]
    assert choosing.champion([*broken, *whole]).training.optimizer == "b"


def test_the_smallest_seed_wins_a_tie() -> None:
    assert choosing.best_seed([studies.outcome(0.5, seed=s) for s in (3, 1, 2)]).training.seed == 1


# --- real networks ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        studies.run_digits(studies.settings())
    return folder


@pytest.fixture
def memo(tmp_path: Path) -> Path:
    return tmp_path / "memo"


def assign(memo: Path, name: str = "sgd") -> Assignment:
    return Assignment(
        "digits",
        name,
        "digits_cnn",
        paths.learning("digits"),
        paths.test("digits"),
        paths.weights(name, "digits"),
        memo,
    )


def test_assessment_is_that_of_a_plain_loop(folder: Path, memo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from pipeline.training import networks

    monkeypatch.chdir(folder)
    found = assessment.assess(assign(memo))
    description = reader.describe(paths.learning("digits"))
    for row, (_, weights) in enumerate(sorted(outputs.read_weights("sgd", "digits").items())):
        network = networks.build("digits_cnn", description.shape, 10)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        for part, root in (("test", paths.test("digits")), ("train", paths.learning("digits"))):
            examples = reader.open_part(root, part)
            scaled = (examples.inputs.astype(np.float64) - description.mean) / description.std
            images = torch.from_numpy(scaled.astype(np.float32)).permute(0, 3, 1, 2)
            with torch.inference_mode():
                logits = network(images).double()
            probabilities = torch.softmax(logits, dim=1).numpy()
            guesses = probabilities.argmax(axis=1)
            loss = -np.log(probabilities[np.arange(len(guesses)), examples.labels]).mean()
            if part == "test":
                assert (found.predictions[row] == guesses).mean() == 1
                assert found.confidences[row] == pytest.approx(probabilities.max(axis=1), abs=1e-5)
                assert found.test_loss[row] == pytest.approx(loss, abs=1e-5)
            else:
                assert found.train_accuracy[row] == pytest.approx((guesses == examples.labels).mean())
                assert found.train_loss[row] == pytest.approx(loss, abs=1e-5)


def test_the_validation_accuracy_of_the_record_is_that_of_the_stored_weights(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from pipeline.evaluation.classifier import Classifier

    monkeypatch.chdir(folder)
    validation = reader.open_part(paths.learning("digits"), "validation")
    description = reader.describe(paths.learning("digits"))
    for outcome in outputs.read_trainings_with_weights("muon"):
        assert outcome.weights is not None
        model = Classifier("digits_cnn", outcome.weights, description)
        with torch.inference_mode():
            guesses = model(torch.from_numpy(np.asarray(validation.inputs))).argmax(dim=1).numpy()
        assert (guesses == validation.labels).mean() == pytest.approx(outcome.validation_accuracy, abs=1e-9)


def test_what_was_assessed_is_not_assessed_again(folder: Path, memo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    before = assessment.assess(assign(memo))
    asked: list[Assignment] = []
    original = assessment._assess
    monkeypatch.setattr(assessment, "_assess", lambda assignment: asked.append(assignment) or original(assignment))

    again = assessment.assess(assign(memo))
    assert asked == []
    for name, array in vars(before).items():
        found = getattr(again, name)
        assert (found.dtype, found.tobytes()) == (array.dtype, array.tobytes()), name

    # cut off half-way: done again, and whole afterwards
    (kept,) = memo.rglob("*.safetensors")
    kept.write_bytes(kept.read_bytes()[:-1])
    assert vars(assessment.assess(assign(memo)))["predictions"].tobytes() == before.predictions.tobytes()
    assert len(asked) == 1
    assessment.assess(assign(memo))
    assert len(asked) == 1


def test_weights_examples_and_network_are_in_the_key(
    folder: Path, memo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    made = assign(memo)
    shutil.copytree(made.test, tmp_path / "test")
    labels = np.load(tmp_path / "test" / "test_labels.npy")
    labels[0] = (labels[0] + 1) % 10
    np.save(tmp_path / "test" / "test_labels.npy", labels)
    others = [assign(memo, "muon"), replace(made, test=tmp_path / "test"), replace(made, network="linear")]
    assert len({assessment._key(one) for one in (made, *others)}) == 4
    assert assessment._key(assign(tmp_path / "elsewhere")) == assessment._key(made)


def test_code_and_learning_examples_are_in_the_key(folder: Path, memo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    made = assign(memo)
    description = reader.describe(made.learning)
    known = assessment._key(made)
    with monkeypatch.context() as patch:
        patch.setattr(reader, "describe", lambda _: replace(description, digest="another"))
        assert assessment._key(made) != known
    with monkeypatch.context() as patch:
        patch.setattr(assessment, "code_fingerprint", lambda *names: "other code")
        assert assessment._key(made) != known
    assert assessment._key(made) == known


def test_a_network_of_nans_predicts_nothing(
    folder: Path, memo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    weights = files.read_tensors(paths.weights("sgd", "digits"))
    broken = {name: array * np.float32(np.nan) if name.startswith("2/") else array for name, array in weights.items()}
    files.write_tensors(tmp_path / "weights.safetensors", broken)
    found = assessment.assess(replace(assign(memo), weights=tmp_path / "weights.safetensors"))
    assert set(found.predictions[1].tolist()) == {-1}
    assert not found.confidences[1].any()
    assert np.isnan([found.test_loss[1], found.train_loss[1]]).all()
    assert found.train_accuracy[1] == 0
    assert (found.predictions[0] >= 0).all()
