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
from pipeline.results.metrics import Metrics
from pipeline.results.problems import Problems
from pipeline.running import outputs
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def evaluated_folder(folder: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        evaluate.evaluate(studies.settings(), 1)
    return folder


@pytest.fixture
def evaluated(evaluated_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(evaluated_folder)


@pytest.mark.usefixtures("evaluated")
def test_metrics_hold_every_optimizer_with_its_trainings_and_its_search() -> None:
    found = Metrics.read().problems["digits"]
    assert list(found) == ["sgd", "muon"]
    for name, metrics in found.items():
        outcomes = outputs.read_trainings(name)
        assert metrics.trainings == tuple(outcome.key for outcome in outcomes)
        assert metrics.validation_accuracy.seeds == pytest.approx([o.validation_accuracy for o in outcomes], abs=1e-6)
        assert metrics.learning_rate == outputs.read_choices(name, ["digits"])["digits"].learning_rate
        assert metrics.convergence.length is not None


@pytest.mark.usefixtures("evaluated")
def test_the_tables_agree_with_the_metrics() -> None:
    labels = reader.open_part(paths.test("digits"), "test").labels
    found = Metrics.read().problems["digits"]
    per_class = tables.PER_CLASS.read()
    for name, metrics in found.items():
        rows = per_class[per_class["optimizer"] == name]
        assert dict(zip(rows["class"], rows["accuracy"], strict=True)) == pytest.approx(metrics.per_class)
    confusion = tables.CONFUSION.read()
    assert confusion["count"].sum() == len(labels)
    best = Champions.read().problems["digits"]
    seed = [o.training.seed for o in outputs.read_trainings(best.optimizer)].index(best.seed)
    hits = confusion.loc[confusion["actual"] == confusion["predicted"], "count"].sum()
    assert hits / len(labels) == pytest.approx(found[best.optimizer].test_accuracy.seeds[seed], abs=1e-6)
    assert set(tables.TRAINING_CURVES.read()["optimizer"]) == {"sgd", "muon"}
    assert tables.LEARNING_RATES.read()["chosen"].sum() == 2


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
    everything = [outcome for name in ("sgd", "muon") for outcome in outputs.read_trainings(name)]
    best = choosing.champion(everything)
    found = champion.read(paths.CHAMPION_WEIGHTS)
    assert found.record == Champions.read().problems["digits"]
    assert found.record.key == best.key
    assert found.description == reader.describe(paths.learning("digits"))
    weights = outputs.read_weights(best.training.optimizer, "digits")[best.training.seed]
    assert all(np.array_equal(found.weights[name], array) for name, array in weights.items())


@pytest.mark.usefixtures("evaluated")
def test_the_environment_is_that_of_this_machine() -> None:
    assert Environment.read().versions["numpy"] == np.__version__


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
