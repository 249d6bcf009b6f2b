"""Bags of visual words: deterministic, exact, sparse, and learned without the test images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import MiniBatchKMeans
from threadpoolctl import threadpool_info, threadpool_limits

from pipeline.data import bags
from pipeline.data.bags import Recipe, as_bags, count, learn
from pipeline.data.problems import cifar10, digits_words
from pipeline.data.problems import visual_words as problem
from pipeline.prepared.examples import Examples, LabelledData

RECIPE = Recipe(side=4, stride=3, words=40, softening=20, images=100)


def images(number, seed=0):
    """Smooth random images of 13 × 13 pixels: 4 × 4 patches."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, size=(number, 5, 5, 3)).astype(np.float64)
    fine = np.kron(coarse, np.ones((1, 3, 3, 1)))[:, :13, :13] + rng.normal(0, 5, size=(number, 13, 13, 3))
    return np.clip(fine, 0, 255).astype(np.uint8)


def data(train, test):
    return LabelledData(
        Examples(train, np.arange(len(train)) % 2), Examples(test, np.arange(len(test)) % 2), ("a", "b")
    )


@pytest.fixture(scope="module")
def train():
    return images(150)


@pytest.fixture(scope="module")
def dictionary(train):
    return learn(train, RECIPE)


def test_the_same_images_give_the_same_bytes(train, dictionary):
    assert learn(train, RECIPE).tobytes() == dictionary.tobytes()
    assert learn(images(150, seed=1), RECIPE).tobytes() != dictionary.tobytes()


def test_the_number_of_threads_changes_no_byte(train, dictionary, monkeypatch):
    counts = set()
    for threads in (1, 2, 5):
        monkeypatch.setattr(bags, "available_cores", lambda threads=threads: threads)
        with threadpool_limits(threads):
            assert learn(train, RECIPE).tobytes() == dictionary.tobytes()
            counts.add(count(train, dictionary, RECIPE).tobytes())
    assert len(counts) == 1


def test_a_dictionary_is_fitted_on_one_thread(train, monkeypatch):
    """With little data the number of threads changes nothing, so that this must be looked at itself."""
    seen = []
    original = MiniBatchKMeans.fit

    def fit(self, patches):
        seen.extend(library["num_threads"] for library in threadpool_info())
        return original(self, patches)

    monkeypatch.setattr(MiniBatchKMeans, "fit", fit)
    with threadpool_limits(2):
        learn(train, RECIPE)
    assert set(seen) == {1}


def test_test_images_change_no_training_count(train):
    one = as_bags(data(train, images(30, seed=2)), RECIPE)
    other = as_bags(data(train, np.zeros((5, 13, 13, 3), dtype=np.uint8)), RECIPE)
    np.testing.assert_array_equal(one.train.inputs, other.train.inputs)
    assert one.test.inputs.shape == (30, 1, 1, 40)
    assert other.test.inputs.shape == (5, 1, 1, 40)


def test_the_dictionary_sees_as_many_images_as_the_recipe_says(train, monkeypatch):
    seen = []
    original = bags.normalised
    monkeypatch.setattr(
        bags, "normalised", lambda patches, recipe: seen.append(len(patches)) or original(patches, recipe)
    )
    learn(train, RECIPE)
    learn(train, replace(RECIPE, images=10_000))
    assert seen == [100, 150]


def test_every_patch_is_counted_once(train, dictionary):
    counts = count(train, dictionary, RECIPE)
    assert counts.dtype == np.uint8
    assert counts.shape == (150, 1, 1, 40)
    assert set(counts.sum(axis=(1, 2, 3), dtype=np.int64)) == {16}


def test_a_patch_is_the_word_nearest_to_it_in_whole_numbers(train, dictionary):
    """By the definition, patch by patch, in integers of any size."""
    words = dictionary.astype(np.int64)
    np.testing.assert_array_equal(words, dictionary)
    expected = np.zeros((7, len(words)), dtype=np.int64)
    for row, image in enumerate(train[:7].astype(np.float64)):
        for top in range(0, 10, 3):
            for left in range(0, 10, 3):
                patch = image[top : top + 4, left : left + 4].transpose(2, 0, 1).ravel()
                patch = 32 * (patch - patch.mean()) / np.sqrt(patch.var() + 20**2)
                whole = np.clip(np.rint(patch), -127, 127).astype(np.int64)
                expected[row, np.square(words - whole).sum(axis=1).argmin()] += 1
    np.testing.assert_array_equal(count(train[:7], dictionary, RECIPE)[:, 0, 0], expected)


def test_brightness_does_not_matter(train, dictionary):
    dark = train // 2
    np.testing.assert_array_equal(count(dark, dictionary, RECIPE), count(dark + 60, dictionary, RECIPE))


def test_flat_patches_are_one_word_whatever_their_colour(dictionary):
    flat = np.stack([np.full((13, 13, 3), value, dtype=np.uint8) for value in (0, 100, 255)])
    counts = count(flat, dictionary, RECIPE)[:, 0, 0]
    assert (counts == counts[0]).all()
    assert counts[0].max() == 16


def test_any_number_of_images_is_counted(train, dictionary):
    whole = count(train, dictionary, RECIPE)
    for number in (0, 1, 31, 32, 33):
        np.testing.assert_array_equal(count(train[:number], dictionary, RECIPE), whole[:number])


def test_too_many_patches_for_a_byte_are_refused(dictionary):
    with pytest.raises(ValueError, match="17 × 17 patches"):
        count(np.zeros((1, 20, 20, 3), dtype=np.uint8), dictionary, replace(RECIPE, stride=1))


def test_patches_too_large_for_exact_distances_are_refused():
    with pytest.raises(ValueError, match="patches of 363 values"):
        count(np.zeros((1, 13, 13, 3), np.uint8), np.zeros((2, 363), np.float32), replace(RECIPE, side=11))


def test_the_largest_distances_are_exact_in_float32():
    values = bags._MOST_VALUES
    assert values * 3 * bags._LARGEST**2 <= 2**24 < (values + 1) * 3 * bags._LARGEST**2


def test_words_of_digits_are_sparse():
    found = digits_words.load(Path())
    assert found.train.inputs.shape == (1437, 1, 1, 200)
    assert (found.train.inputs == 0).mean() > 0.85
    assert found.train.inputs.any(axis=0).all(), "a word that never occurs"


@pytest.mark.slow
@pytest.mark.cifar
def test_words_of_photographs_are_sparse_with_a_long_tail(official):
    whole = cifar10.load(official / "cifar-10-batches-py")
    words = learn(whole.train.inputs, problem.RECIPE)
    present = count(whole.train.inputs[:5000], words, problem.RECIPE)[:, 0, 0] > 0
    assert 1 - present.mean() > 0.975
    share = present.mean(axis=0)
    assert (share < 0.01).mean() > 0.4, "few rare words"
    assert share.max() > 0.2, "no common word"
