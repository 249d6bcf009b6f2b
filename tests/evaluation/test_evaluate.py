"""The work of stage ``evaluate`` on a tiny study."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.evaluation import champion, choosing, evaluate
from pipeline.prepared import reader
from pipeline.project import files, paths
from pipeline.project.errors import DataError
from pipeline.results import tables
from pipeline.results.champions import Champions
from pipeline.results.environment import Environment
from pipeline.results.metrics import Metrics, SettingRecord
from pipeline.results.problems import Problems
from pipeline.running import outputs
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.training.record import Outcome


# A search, the same settings for longer with fewer seeds, one setting without a search; and one that is no part of it
STUDY = {
    "digits": {"targets": {"train_loss": [2.5, 2.0, 1e-6], "validation_accuracy": [0.05, 0.9999]}},
    "longer": {"epochs": 2, "seeds": 1, "tuned_on": "digits"},
    "plain": {"untuned": True, "optimizers": ["muon"]},
    "elsewhere": {"demo": True},
}


@pytest.fixture(scope="module")
def evaluated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        studies.run_digits(studies.settings(**STUDY))
        evaluate.evaluate(studies.settings(**STUDY), 1)
    return folder


@pytest.fixture
def evaluated(evaluated_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(evaluated_folder)


def trained(optimizer: str, problem: str = "digits") -> list[Outcome]:
    return [outcome for outcome in outputs.read_trainings(optimizer) if outcome.training.problem == problem]


@pytest.mark.usefixtures("evaluated")
def test_the_study_is_measured_and_nothing_else() -> None:
    found = Metrics.read().problems
    assert {name: list(own) for name, own in found.items()} == {
        "digits": ["sgd", "muon"],
        "longer": ["sgd", "muon"],
        "plain": ["muon"],
    }
    assert list(Problems.read().problems) == list(Champions.read().problems) == list(found)


@pytest.mark.usefixtures("evaluated")
@pytest.mark.parametrize("name", ["sgd", "muon"])
def test_each_seed_picks_the_setting_with_its_best_validation_result(name: str) -> None:
    found, outcomes = Metrics.read().problems["digits"][name], trained(name)
    # by setting, then by seed
    accuracies = np.array([outcome.validation_accuracy for outcome in outcomes]).reshape(2, 2)
    assert found.validation_accuracy.seeds == pytest.approx(accuracies.max(axis=0), abs=1e-6)
    keys = np.array([outcome.key for outcome in outcomes]).reshape(2, 2)
    assert found.trainings == tuple(keys[place, seed] for seed, place in enumerate(found.search.picked))
    choice = outputs.read_choices(name, ["digits"])["digits"]
    assert [one.learning_rate for one in found.search.survivors] == [one.learning_rate for one in choice.survivors]
    assert [one.arguments for one in found.search.survivors] == [one.arguments for one in choice.survivors]
    assert (found.search.trials, found.search.tuned_accuracy) == (
        3,
        pytest.approx(choice.validation_accuracy, abs=1e-6),
    )
    assert found.twin_of is None


@pytest.mark.usefixtures("evaluated")
def test_what_is_trained_is_picked_by_itself() -> None:
    for found in Metrics.read().problems["digits"].values():
        for best, picked in zip(found.best_train_loss.seeds, found.train_loss.seeds, strict=True):
            assert best <= picked
        for best, picked in zip(found.best_train_accuracy.seeds, found.train_accuracy.seeds, strict=True):
            assert best >= picked
        easy, middle, hard = found.speed.train_loss
        assert all(images is not None for images in easy.images)
        assert hard.images == (None, None)
        assert middle.target == 2.0
        assert [reached.images[0] is None for reached in found.speed.validation_accuracy] == [False, True]


@pytest.mark.usefixtures("evaluated")
def test_a_problem_without_a_search_of_its_own_says_where_its_settings_are_from() -> None:
    problems = Metrics.read().problems
    for name, found in problems["longer"].items():
        assert found.search.survivors == problems["digits"][name].search.survivors
        assert found.search.trials == 3
        assert len(found.search.picked) == 1
    plain = problems["plain"]["muon"].search
    assert (plain.trials, plain.picked, plain.tuned_accuracy) == (0, (0, 0), None)
    assert plain.survivors == (SettingRecord(learning_rate=0.001),)


@pytest.mark.usefixtures("evaluated")
def test_the_tables_agree_with_the_metrics() -> None:
    labels = reader.open_part(paths.test("digits"), "test").labels
    found = Metrics.read().problems["digits"]
    per_class = tables.PER_CLASS.read().query("problem == 'digits'")
    for name, metrics in found.items():
        rows = per_class[per_class["optimizer"] == name]
        assert dict(zip(rows["class"], rows["accuracy"], strict=True)) == pytest.approx(metrics.per_class)
    confusion = tables.CONFUSION.read().query("problem == 'digits'")
    assert confusion["count"].sum() == len(labels)
    best = Champions.read().problems["digits"]
    seed = found[best.optimizer].trainings.index(best.key)
    hits = confusion.loc[confusion["actual"] == confusion["predicted"], "count"].sum()
    assert hits / len(labels) == pytest.approx(found[best.optimizer].test_accuracy.seeds[seed], abs=1e-6)


@pytest.mark.usefixtures("evaluated")
def test_the_runs_are_those_that_were_picked() -> None:
    metrics, runs = Metrics.read().problems, tables.RUNS.read()
    assert len(runs) == 2 * 2 + 2 * 1 + 2
    for (problem, optimizer), rows in runs.groupby(["problem", "optimizer"], sort=False):
        found = metrics[problem][optimizer]
        assert rows["test_accuracy"].tolist() == pytest.approx(found.test_accuracy.seeds)
        picked = [found.search.survivors[place].learning_rate for place in found.search.picked]
        assert rows["learning_rate"].tolist() == pytest.approx(picked)
        assert rows["seed"].tolist() == [1, 2][: len(rows)]


@pytest.mark.usefixtures("evaluated")
def test_the_searches_hold_every_trial() -> None:
    found = tables.SEARCHES.read()
    assert set(found["problem"]) == {"digits"}
    sgd, muon = (found[found["optimizer"] == name] for name in ("sgd", "muon"))
    assert sgd["number"].tolist() == [0, 1, 2]
    # its default setting comes first
    assert muon["number"].isna().tolist() == [True, False, False, False]
    assert muon["learning_rate"].iloc[0] == 0.001
    for rows, name in ((sgd, "sgd"), (muon, "muon")):
        survivors = outputs.read_choices(name, ["digits"])["digits"].survivors
        ranked = rows.dropna(subset="survivor").sort_values("survivor")
        assert ranked["learning_rate"].tolist() == [one.learning_rate for one in survivors]
        assert ranked["arguments"].fillna("").tolist() == [one.others for one in survivors]


@pytest.mark.usefixtures("evaluated")
def test_the_curves_are_means_of_what_was_picked() -> None:
    curves = tables.TRAINING_CURVES.read()
    found = Metrics.read().problems["digits"]["sgd"]
    picks = [outcome for outcome in trained("sgd") if outcome.key in found.trainings]
    own = curves.query("problem == 'digits' and optimizer == 'sgd'")
    expected = np.mean([[point.train_loss for point in outcome.history] for outcome in picks], axis=0)
    assert own["train_loss"].tolist() == pytest.approx(expected, rel=1e-6)
    assert own["epoch"].iloc[-1] == 1


@pytest.mark.usefixtures("evaluated")
def test_the_facts_of_a_problem_are_those_that_preparing_measured() -> None:
    facts = Problems.read().problems["digits"]
    train = reader.open_part(paths.learning("digits"), "train")
    assert facts.counts["train"] == len(train)
    assert facts.white == train.inputs.max()
    assert (facts.data, facts.shape) == ("digits", (8, 8, 1))
    assert (facts.validation_fraction, facts.split_seed) == (0.2, 0)
    assert (facts.title, len(facts.classes)) == ("Handwritten digits", 10)


def test_a_title_of_the_settings_replaces_that_of_the_data_set(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    evaluate.evaluate(studies.settings(digits={"title": "Digits, one epoch"}), 1)
    assert Problems.read().problems["digits"].title == "Digits, one epoch"


@pytest.mark.usefixtures("evaluated")
def test_the_champion_is_the_one_that_validation_chose_with_its_weights() -> None:
    picked = {key for found in Metrics.read().problems["digits"].values() for key in found.trainings}
    candidates = [outcome for name in ("sgd", "muon") for outcome in trained(name) if outcome.key in picked]
    best = choosing.champion(candidates)
    found = champion.read(paths.CHAMPION_WEIGHTS)
    assert found.record == Champions.read().problems["digits"]
    assert found.record.key == best.key
    assert found.description == reader.describe(paths.learning("digits"))
    weights = outputs.read_weights(best.training.optimizer, "digits")[best.key]
    assert all(np.array_equal(found.weights[name], array) for name, array in weights.items())


@pytest.mark.usefixtures("evaluated")
def test_the_environment_is_that_of_this_machine() -> None:
    assert Environment.read().versions["numpy"] == np.__version__


def test_rows_with_the_same_networks_are_twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = studies.settings()
    # what a momentum of 0 adds is nothing
    again = chosen.optimizers["sgd"].model_copy(update={"label": "Again", "arguments": {"momentum": 0.0}})
    chosen = chosen.model_copy(update={"optimizers": {**chosen.optimizers, "again": again}})
    studies.run_digits(chosen)
    evaluate.evaluate(chosen, 1)
    found = {name: metrics.twin_of for name, metrics in Metrics.read().problems["digits"].items()}
    assert found == {"sgd": None, "muon": None, "again": "sgd"}


def test_every_choice_file_is_opened_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    opened: list[Path] = []
    read_json = files.read_json
    monkeypatch.setattr(files, "read_json", lambda path: (opened.append(path), read_json(path))[1])
    evaluate.evaluate(studies.settings(), 1)
    assert sorted(path for path in opened if path.name == "choice.json") == [paths.choice("muon"), paths.choice("sgd")]


def test_a_problem_without_a_search_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(DataError, match=r"choice\.json has no other: run `dvc repro`"):
        evaluate.evaluate(studies.settings(digits={}, other={}), 1)
