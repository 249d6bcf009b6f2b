"""A regression and a next-token problem through evaluation, comparison and report: judged by their loss."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pipeline.comparison import claims, compare
from pipeline.comparison import settings as comparison_settings
from pipeline.comparison.evidence import Evidence
from pipeline.data import preparing
from pipeline.evaluation import assessment, champion, evaluate
from pipeline.evaluation.classifier import Classifier
from pipeline.prepared import reader
from pipeline.prepared.examples import Examples, LabelledData
from pipeline.project import paths
from pipeline.results import tables
from pipeline.results.champions import Champions
from pipeline.results.metrics import Metrics
from pipeline.results.problems import Problems
from pipeline.running import outputs
from pipeline.running.key import key_of
from pipeline.running.planning import plan
from pipeline.settings import study
from pipeline.tuning import Choice
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.training.record import Outcome

WORDS = tuple("abcdefgh")


def line(count: int, seed: int) -> Examples:
    """A target that follows from three numbers, and noise."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(count, 3))
    return Examples(inputs, 50 + inputs @ [4.0, -2.0, 1.0] + rng.normal(0, 1, count))


def alphabet(count: int, seed: int) -> Examples:
    """The alphabet from any letter on, again and again."""
    ids = (np.random.default_rng(seed).integers(0, 8, (count, 1)) + np.arange(7)) % 8
    return Examples(ids[:, :-1], ids[:, 1:])


DATA = {
    "line": ("regression", LabelledData(line(200, 0), line(60, 1), ("height",))),
    "alphabet": ("next_token", LabelledData(alphabet(120, 0), alphabet(30, 1), WORDS)),
}


def settings() -> study.Settings:
    """Both problems, without files or rows of their own for the data."""
    common = {"epochs": 2, "batch_size": 10, "target_train_loss": 1.5, "target_validation_accuracy": 0.5}
    rows = {
        "line": study.ProblemSettings(**common, network="linear"),
        "alphabet": study.ProblemSettings(**common, network="causal_transformer", measure="loss"),
    }
    return studies.settings().model_copy(update={"problems": rows})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both problems trained on and evaluated."""
    folder = tmp_path_factory.mktemp("tasks")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        chosen = settings()
        for name, (task, data) in DATA.items():
            dataset: Any = SimpleNamespace(TITLE=name, DESCRIPTION=f"A {name}.", TASK=task)
            preparing.prepare(dataset, data, 0.2, 0, paths.learning(name), paths.test(name))
        for optimizer in chosen.optimizers:
            train_all(chosen, optimizer)
        evaluate.evaluate(chosen, 1)
    return folder


def train_all(chosen: study.Settings, optimizer: str) -> None:
    from pipeline.training.train import train

    def go(kind: Any, problem: str, rate: float, seed: int) -> Outcome:
        digest = reader.describe(paths.learning(problem)).digest
        asked = plan(kind, chosen, optimizer, problem, learning_rate=rate, seed=seed, data=digest)
        return train(asked, paths.learning(problem), key_of(asked, "code"))

    trials, choices, finals = {}, {}, []
    for problem in chosen.problems:
        rates = (0.001, 0.01)
        trials[problem] = [replace(go("tune", problem, rate, 0), weights=None) for rate in rates]
        choices[problem] = Choice(0.01, None, 2, on_edge=False, validation_loss=trials[problem][1].last.validation_loss)
        finals += [go("train", problem, 0.01, seed) for seed in chosen.seeds(problem)]
    outputs.write_search(optimizer, trials, choices)
    outputs.write_trainings(optimizer, finals)


@pytest.fixture
def evaluated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Metrics:
    monkeypatch.chdir(folder)
    return Metrics.read()


def test_a_regression_has_losses_and_no_accuracies(evaluated: Metrics) -> None:
    for found in evaluated.problems["line"].values():
        assert (found.measure, found.per_class, found.tuned_accuracy) == ("loss", {}, None)
        missing = (found.test_accuracy, found.train_accuracy, found.validation_accuracy, found.generalization_gap)
        assert missing == (None,) * 4
        assert found.calibration_error is None
        assert found.reached == found.test_loss
        assert found.tuned_score == pytest.approx(-found.tuned_loss)
        assert found.convergence.validation_accuracy.steps == (None, None)
        assert 0 < found.test_loss.mean < 3


def test_the_loss_of_a_regression_is_that_of_a_plain_loop(evaluated: Metrics) -> None:
    description = reader.describe(paths.learning("line"))
    target = DATA["line"][1].test
    for optimizer, found in evaluated.problems["line"].items():
        for (_, weights), loss in zip(
            sorted(outputs.read_weights(optimizer, "line").items()), found.test_loss.seeds, strict=True
        ):
            scaled = (target.inputs - description.mean) / description.std
            guess = scaled @ weights["dense.weight"].T + weights["dense.bias"]
            wanted = (target.labels[:, np.newaxis] - description.target_mean) / description.target_std
            assert loss == pytest.approx(np.square(guess - wanted).mean(), rel=1e-4)


def test_next_tokens_have_accuracies_over_tokens_and_no_tables(evaluated: Metrics) -> None:
    labels = assessment.test_labels(paths.test("alphabet"))
    assert labels.shape == (30 * 6,)
    for found in evaluated.problems["alphabet"].values():
        assert (found.measure, found.per_class) == ("loss", {})
        assert found.reached == found.test_loss
        hits = np.array(found.test_accuracy.seeds) * labels.size
        np.testing.assert_allclose(hits, hits.round(), atol=1e-3)
        assert found.calibration_error.mean < 1
    assert tables.PER_CLASS.read().empty
    assert tables.CONFUSION.read().empty


def test_the_champion_has_the_lowest_validation_loss(evaluated: Metrics) -> None:
    for name, record in Champions.read().problems.items():
        found = evaluated.problems[name]
        assert record.optimizer == min(found, key=lambda optimizer: found[optimizer].validation_loss.mean)
        assert record.validation_loss == pytest.approx(min(found[record.optimizer].validation_loss.seeds), abs=1e-6)
    assert Champions.read().problems["line"].validation_accuracy is None


@pytest.mark.usefixtures("evaluated")
def test_the_champion_is_a_model_that_answers_in_the_units_of_the_target() -> None:
    best = champion.read(paths.CHAMPION_WEIGHTS)
    assert best.description == reader.describe(paths.learning("line"))
    part = DATA["line"][1].test
    found = Classifier(best.record.network, best.weights, best.description)(torch.from_numpy(part.inputs))
    assert found.shape == (60, 1)
    assert np.abs(found.detach().numpy()[:, 0] - part.labels).mean() < 5


@pytest.mark.usefixtures("evaluated")
def test_a_model_of_tokens_answers_with_the_probabilities_of_what_follows() -> None:
    description = reader.describe(paths.learning("alphabet"))
    weights = outputs.read_weights("muon", "alphabet")[1]
    model = Classifier("causal_transformer", weights, description)
    found = model(torch.from_numpy(reader.open_part(paths.test("alphabet"), "test").inputs[:2].copy()))
    assert found.shape == (2, 6, 8)
    np.testing.assert_allclose(found.detach().sum(dim=2), 1, atol=1e-5)


def test_every_loss_is_compared_in_its_unit(evaluated: Metrics) -> None:
    rules = comparison_settings.ComparisonSettings(**studies.params()["comparison"] | {"baseline": "sgd"})
    trials = tables.LEARNING_RATES.read()
    found = compare.compare(rules, evaluated, trials)
    for problem, unit in (("line", "squared error"), ("alphabet", "nats")):
        one = found.problems[problem]
        assert "test_accuracy" not in one.against_baseline
        (record,) = one.differences.values()
        rows = evaluated.problems[problem]
        assert record.unit == unit
        assert record.difference == pytest.approx(rows["muon"].test_loss.mean - rows["sgd"].test_loss.mean, abs=1e-5)
        assert one.against_baseline["train_loss"]["muon"].unit == unit
        search = one.searches["muon"]
        losses = trials[(trials["problem"] == problem) & (trials["optimizer"] == "muon")]["validation_loss"]
        assert search.tolerance.best_score == pytest.approx(losses.min(), abs=1e-6)
        # the best of one draw, and of two, each from two trials
        assert search.expected_best == pytest.approx([losses.mean(), (losses.sum() + 2 * losses.min()) / 4], abs=1e-5)
    assert "generalization_gap" not in found.problems["line"].against_baseline
    titles = {name: facts.title for name, facts in Problems.read().problems.items()}
    assert claims.judge_all(Evidence(rules, evaluated, found, None, {}, titles)).claims


def test_curves_and_searches_hold_the_losses(evaluated: Metrics) -> None:
    assert evaluated
    curves = tables.TRAINING_CURVES.read()
    own = curves[curves["problem"] == "line"]
    assert own["validation_accuracy"].isna().all()
    assert own["epoch"].max() == pytest.approx(2)
    trials = tables.LEARNING_RATES.read()
    assert trials["validation_accuracy"].isna().sum() == 4
    assert trials["validation_loss"].notna().all()
    assert trials["chosen"].sum() == 4
