"""What every file in ``pipeline/data/problems/`` must do."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import checking, preparing, problems
from pipeline.data.problems import cats_dogs, cifar10
from pipeline.data.settings import DataSettings
from pipeline.prepared import reader
from pipeline.running import planning
from pipeline.running.outputs import Setting
from pipeline.settings import loading
from pipeline.training.train import train

PARAMS = Path(__file__).parents[2] / "params.yaml"
SETTINGS = loading.load(PARAMS)
DATA = loading.section("data", DataSettings, PARAMS)
NAMES = sorted(module.name for module in pkgutil.iter_modules(problems.__path__))
# of `tiny`, with a fifth for validation: trainings are known by it, another one would repeat them all
DIGESTS = {
    "cifar10": "cb73802d6783067f",
    "cats_dogs": "b0fbb67d40dd206c",
    "visual_words": "a1cfef231764ca61",
    "digits": "d08db03ac5289194",
    "digits_words": "47f9a4f4599a6bd9",
    "next_word": "360baf0341be18b1",
}


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def problem(name):
    return problems.by_name(name)


@pytest.fixture(scope="module")
def tiny(problem):
    return problem.tiny()


def test_every_file_is_a_row_of_the_parameters_and_the_reverse():
    assert sorted(DATA.sets) == NAMES == problems.names()


def test_it_says_what_it_is(problem):
    assert problem.TITLE
    assert len(problem.TITLE) <= 40
    assert problem.DESCRIPTION.endswith(".")
    assert checking.of_file(problem) == []
    if problem.ARCHIVE is not None:
        assert problem.ARCHIVE in DATA.archives


def test_titles_tell_problems_apart():
    assert len({problems.by_name(name).TITLE for name in NAMES}) == len(NAMES)


def test_the_tiny_instance_keeps_the_contract_and_is_small(problem, tiny):
    assert checking.of_examples(problems.task_of(problem), tiny) == []
    assert len(tiny.train) <= 500


def test_the_tiny_instance_is_the_same_every_time(problem, tiny):
    again = problem.tiny()
    for part in ("train", "test"):
        np.testing.assert_array_equal(getattr(again, part).inputs, getattr(tiny, part).inputs)
        np.testing.assert_array_equal(getattr(again, part).labels, getattr(tiny, part).labels)


def test_where_zeros_must_stay_zeros_nothing_is_shifted(problem, tiny, tmp_path):
    found = preparing.prepare(problem, tiny, 0.2, 0, tmp_path / "learning", tmp_path / "test")
    assert found.scaling == problems.scaling_of(problem)
    assert any(found.mean) == (found.scaling == "per_channel")
    assert bool(found.notes) == (found.scaling == "common")


def test_the_digest_is_what_it_always_was(name, problem, tiny, tmp_path):
    found = preparing.prepare(problem, tiny, 0.2, 0, tmp_path / "learning", tmp_path / "test")
    assert found.digest[:16] == DIGESTS[name]


def test_its_own_network_learns_the_tiny_instance(name, problem, tiny, tmp_path):
    found = preparing.prepare(problem, tiny, 0.2, 0, tmp_path / "learning", tmp_path / "test")
    asked = planning.plan("train", SETTINGS, "adam", name, setting=Setting(0.003), seed=1, data=found.digest)
    short = replace(asked, epochs=8, batch_size=16, validations_per_epoch=1)
    outcome = train(short, tmp_path / "learning", "key")
    assert not outcome.diverged
    assert outcome.last.train_loss < 0.8 * np.log(len(tiny.classes)), "no better than guessing"


def test_cats_and_dogs_keep_their_images_and_nothing_else():
    whole, chosen = cifar10.tiny(), cats_dogs.tiny()
    assert chosen.classes == ("cat", "dog")
    for part, own in ((whole.train, chosen.train), (whole.test, chosen.test)):
        named = np.array(whole.classes)[part.labels]
        kept = np.isin(named, chosen.classes)
        np.testing.assert_array_equal(own.inputs, part.inputs[kept])
        np.testing.assert_array_equal(np.array(chosen.classes)[own.labels], named[kept])


def fifty_thousand(monkeypatch) -> np.ndarray:
    """Put made-up images of one pixel, 5,000 and 1,000 of a class, in the place of CIFAR-10's; return their labels."""
    labels, few = np.tile(np.arange(10), 5000), np.tile(np.arange(10), 1000)
    images = (np.arange(len(labels)) % 251).astype(np.uint8).reshape(-1, 1, 1, 1)
    many = cifar10.tiny()
    parts = (type(many.train)(images, labels), type(many.test)(images[: len(few)], few))
    monkeypatch.setattr(cifar10, "load", lambda raw: type(many)(*parts, many.classes))
    return labels


def test_cats_and_dogs_take_the_first_of_each_for_training_and_all_for_testing(monkeypatch):
    labels = fifty_thousand(monkeypatch)
    images = (np.arange(len(labels)) % 251).astype(np.uint8)
    found = cats_dogs.load(Path())
    assert np.bincount(found.train.labels).tolist() == [4500, 4500]
    assert np.bincount(found.test.labels).tolist() == [1000, 1000]
    first = np.flatnonzero(labels == cifar10.tiny().classes.index("cat"))[:4500]
    np.testing.assert_array_equal(found.train.inputs[found.train.labels == 0].ravel(), images[first])


def test_cats_and_dogs_train_on_a_thousand_and_are_chosen_by_eight_thousand(tmp_path, monkeypatch):
    fifty_thousand(monkeypatch)
    fraction = DATA.sets["cats_dogs"].validation_fraction
    found = preparing.prepare(
        cats_dogs, cats_dogs.load(Path()), fraction, DATA.split_seed, tmp_path / "l", tmp_path / "t"
    )
    assert found.counts == {"train": 1000, "validation": 8000, "test": 2000}
    for part, count in (("train", 500), ("validation", 4000)):
        assert np.bincount(reader.open_part(tmp_path / "l", part).labels).tolist() == [count, count]
    assert "1,000" in cats_dogs.DESCRIPTION
    assert "8,000" in cats_dogs.DESCRIPTION


def test_the_next_word_is_trained_on_two_hundred_steps(tmp_path):
    dataset = problems.by_name("next_word")
    fraction = DATA.sets["next_word"].validation_fraction
    found = preparing.prepare(dataset, dataset.load(Path()), fraction, DATA.split_seed, tmp_path / "l", tmp_path / "t")
    row = SETTINGS.problems["next_word"]
    assert found.counts["train"] == 3200 == 200 * row.batch_size
