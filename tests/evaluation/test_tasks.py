"""A regression and a next-token problem through evaluation, comparison and report: judged by their loss."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pipeline.comparison import claims, compare, recommending
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
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan
from pipeline.settings import study
from pipeline.settings.spaces import values_at
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
    targets = study.TargetSettings(train_loss=(1.5, 1.0, 0.5))
    rows = {
        "line": study.ProblemSettings(network="linear", epochs=2, batch_size=10, targets=targets),
        "alphabet": study.ProblemSettings(
            network="causal_transformer", epochs=2, batch_size=10, targets=targets, measure="loss"
        ),
    }
    whole = studies.validated(studies.params()).optimizers
    optimizers = {name: whole[name] for name in ("sgd", "adam")}
    return studies.settings().model_copy(update={"problems": rows, "optimizers": optimizers})


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
    """Search with the default setting and two points, and train both points with every seed."""
    from pipeline.training.train import train

    def go(kind: Any, problem: str, setting: Setting, seed: int) -> Outcome:
        digest = reader.describe(paths.learning(problem)).digest
        asked = plan(kind, chosen, optimizer, problem, setting=setting, seed=seed, data=digest)
        return train(asked, paths.learning(problem), key_of(asked, "code"))

    row = chosen.optimizers[optimizer]
    points = [values_at(row.search, [place] * 16) for place in (0.4, 0.6)]
    asked = [Setting(values.pop("learning_rate"), values) for values in points]
    default = [] if row.default_learning_rate is None else [Setting(row.default_learning_rate)]
    trials, choices, finals = {}, {}, []
    for problem in chosen.problems:
        trials[problem] = [replace(go("tune", problem, setting, 0), weights=None) for setting in (*default, *asked)]
        losses = [trial.last.validation_loss for trial in trials[problem][len(default) :]]
        ranked = [setting for _, setting in sorted(zip(losses, asked, strict=True), key=lambda pair: pair[0])]
        choices[problem] = studies.choice(*ranked, accuracy=None, loss=min(losses), trials=2)
        finals += [go("train", problem, setting, seed) for setting in ranked for seed in chosen.seeds(problem)]
    outputs.write_search(optimizer, trials, choices)
    outputs.write_trainings(optimizer, finals)


@pytest.fixture
def evaluated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Metrics:
    monkeypatch.chdir(folder)
    return Metrics.read()


def test_a_regression_has_losses_and_no_accuracies(evaluated: Metrics) -> None:
    for found in evaluated.problems["line"].values():
        assert (found.measure, found.per_class, found.search.tuned_accuracy) == ("loss", {}, None)
        missing = (found.test_accuracy, found.train_accuracy, found.validation_accuracy, found.generalization_gap)
        assert missing == (None,) * 4
        assert (found.calibration_error, found.best_train_accuracy) == (None, None)
        assert found.reached == found.test_loss
        assert found.search.tuned_loss is not None
        assert found.speed.validation_accuracy == ()
        assert len(found.speed.train_loss) == 3
        assert 0 < found.test_loss.mean < 3


def test_each_seed_picks_the_setting_with_its_lowest_validation_loss(evaluated: Metrics) -> None:
    for problem, rows in evaluated.problems.items():
        for optimizer, found in rows.items():
            outcomes = [one for one in outputs.read_trainings(optimizer) if one.training.problem == problem]
            # by setting, then by seed
            losses = np.array([outcome.last.validation_loss for outcome in outcomes]).reshape(2, -1)
            assert found.search.picked == tuple(losses.argmin(axis=0))
            assert found.validation_loss.seeds == pytest.approx(losses.min(axis=0), abs=1e-6)


def test_the_loss_of_a_regression_is_that_of_a_plain_loop(evaluated: Metrics) -> None:
    description = reader.describe(paths.learning("line"))
    target = DATA["line"][1].test
    for optimizer, found in evaluated.problems["line"].items():
        every = outputs.read_weights(optimizer, "line")
        for key, loss in zip(found.trainings, found.test_loss.seeds, strict=True):
            weights = every[key]
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


def test_a_model_of_tokens_answers_with_the_probabilities_of_what_follows(evaluated: Metrics) -> None:
    description = reader.describe(paths.learning("alphabet"))
    weights = outputs.read_weights("adam", "alphabet")[evaluated.problems["alphabet"]["adam"].trainings[0]]
    model = Classifier("causal_transformer", weights, description)
    found = model(torch.from_numpy(reader.open_part(paths.test("alphabet"), "test").inputs[:2].copy()))
    assert found.shape == (2, 6, 8)
    np.testing.assert_allclose(found.detach().sum(dim=2), 1, atol=1e-5)


def evidence(metrics: Metrics) -> Evidence:
    rules = comparison_settings.ComparisonSettings(**studies.params()["comparison"] | {"baseline": "sgd"})
    facts = Problems.read().problems
    return Evidence(settings=rules, metrics=metrics, searches=tables.SEARCHES.read(), points=2, facts=facts)


def test_every_loss_is_compared_in_its_unit(evaluated: Metrics) -> None:
    trials = tables.SEARCHES.read()
    found = compare.compare(evidence(evaluated), tables.TRAINING_CURVES.read())
    for problem, unit in (("line", "squared error"), ("alphabet", "nats")):
        one = found.problems[problem]
        assert "test_accuracy" not in one.against_baseline
        (record,) = one.differences.values()
        rows = evaluated.problems[problem]
        assert record.unit == unit
        assert record.difference == pytest.approx(rows["adam"].test_loss.mean - rows["sgd"].test_loss.mean, abs=1e-5)
        assert {one.against_baseline[name]["adam"].unit for name in ("train_loss", "generalization_gap")} == {unit}
        own = trials[(trials["problem"] == problem) & (trials["optimizer"] == "adam")]
        losses = own.loc[own["number"].notna(), "validation_loss"]
        search = one.searches["adam"]
        # the best of one draw, and of two, each from two trials
        assert search.expected_best == pytest.approx([losses.mean(), (losses.sum() + 2 * losses.min()) / 4], abs=1e-5)
        assert search.default == pytest.approx(own.loc[own["number"].isna(), "validation_loss"].item(), abs=1e-5)


def test_claims_and_recommendations_follow_from_losses(evaluated: Metrics) -> None:
    assert claims.judge_all(evidence(evaluated)).claims
    spaces = {name: row.search for name, row in settings().optimizers.items()}
    found = recommending.recommendations(evidence(evaluated), spaces, {}).problems
    for problem, rows in evaluated.problems.items():
        whole = found[problem].budgets[-1]
        assert (found[problem].measure, whole.trials) == ("loss", 2)
        best = min(row.validation_loss.mean for row in rows.values())
        assert whole.choices[0].expected == pytest.approx(best, abs=1e-5)


def test_curves_searches_and_runs_hold_the_losses(evaluated: Metrics) -> None:
    curves = tables.TRAINING_CURVES.read()
    own = curves[curves["problem"] == "line"]
    assert own["validation_accuracy"].isna().all()
    assert own["epoch"].max() == pytest.approx(2)
    trials = tables.SEARCHES.read()
    # two points of both, and the default setting of Adam
    assert trials["validation_accuracy"].isna().sum() == 5
    assert trials["validation_loss"].notna().all()
    assert trials["survivor"].notna().sum() == 8
    runs = tables.RUNS.read()
    assert runs.loc[runs["problem"] == "line", "test_accuracy"].isna().all()
    for (problem, optimizer), rows in runs.groupby(["problem", "optimizer"]):
        assert rows["test_loss"].tolist() == pytest.approx(evaluated.problems[problem][optimizer].test_loss.seeds)
