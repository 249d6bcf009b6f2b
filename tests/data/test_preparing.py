"""Prepared examples: split, measured on the training part alone, written apart from the test part."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.data import preparing, splits
from pipeline.prepared import reader
from pipeline.prepared.examples import Examples, LabelledData
from pipeline.project.errors import DataError
from pipeline.training.batches import Batches

CLASSES = ("rare", "common", "between")


def examples(count, seed, first=0):
    """Images of 2 × 3 pixels and 2 channels that carry their own number, in classes of 10, 60 and 30 %."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], [count // 10, count * 6 // 10, count - count // 10 - count * 6 // 10])
    inputs = rng.integers(0, 200, size=(count, 2, 3, 2)).astype(np.uint8)
    numbers = np.arange(first, first + count)
    inputs[:, 0, 0, 0], inputs[:, 0, 0, 1] = numbers // 256, numbers % 256
    order = rng.permutation(count)
    return Examples(inputs[order], labels[order].astype(np.int64))


def numbers(part):
    return (part.inputs[:, 0, 0, 0].astype(int) * 256 + part.inputs[:, 0, 0, 1]).tolist()


@pytest.fixture
def data():
    return LabelledData(examples(300, 0), examples(100, 1, first=1000), CLASSES)


@pytest.fixture
def make(tmp_path):
    """Return what prepares data into folders of its own, and opens the parts."""

    def prepare(data, name="a", fraction=0.2, seed=0, *, centred=True, title="Made up", **names):
        folder = tmp_path / name
        scaling = "per_channel" if centred else "common"
        dataset = SimpleNamespace(TITLE=title, DESCRIPTION="Made-up examples.", SCALING=scaling, **names)
        description = preparing.prepare(dataset, data, fraction, seed, folder / "learning", folder / "test")
        opened = [reader.open_part(folder / "learning", part) for part in ("train", "validation")]
        return description, *opened, reader.open_part(folder / "test", "test")

    return prepare


def replaced(data, part, change):
    """Return `data` with one part's inputs changed in place by a function."""
    inputs = getattr(data, part).inputs.copy()
    change(inputs)
    parts = {"train": data.train, "test": data.test, part: Examples(inputs, getattr(data, part).labels)}
    return LabelledData(parts["train"], parts["test"], data.classes)


def test_the_parts_are_disjoint_and_together_everything(data, make):
    _, train, validation, test = make(data)
    assert (len(train), len(validation), len(test)) == (240, 60, 100)
    assert sorted(numbers(train) + numbers(validation)) == list(range(300))
    assert numbers(test) == numbers(data.test)


def test_inputs_keep_their_labels(data, make):
    _, train, validation, _ = make(data)
    label_of = dict(zip(numbers(data.train), data.train.labels, strict=True))
    for part in (train, validation):
        assert [label_of[number] for number in numbers(part)] == part.labels.tolist()


def test_every_part_holds_the_same_share_of_every_class(data, make):
    _, train, validation, _ = make(data)
    assert np.bincount(train.labels).tolist() == [24, 144, 72]
    assert np.bincount(validation.labels).tolist() == [6, 36, 18]


def test_the_split_follows_from_its_seed(data, make):
    first, again, other = (make(data, name, seed=seed)[2] for name, seed in (("a", 0), ("b", 0), ("c", 1)))
    assert numbers(first) == numbers(again) != numbers(other)


def test_statistics_are_those_of_the_training_part(data, make):
    description, train, _, _ = make(data)
    flat = train.inputs.reshape(-1, 2).astype(np.float64)
    np.testing.assert_allclose(description.mean, flat.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(description.std, flat.std(axis=0), rtol=1e-12)


def test_validation_and_test_images_do_not_touch_the_statistics(data, make):
    before, _, validation, _ = make(data)
    rows = np.isin(numbers(data.train), numbers(validation))

    def blacken(inputs):
        inputs[rows, 1:] = 0

    after, _, darker, _ = make(replaced(data, "train", blacken), "b")
    assert numbers(darker) == numbers(validation)
    assert darker.inputs[:, 1:].max() == 0
    assert (after.mean, after.std) == (before.mean, before.std)
    untested, *_ = make(replaced(data, "test", lambda inputs: inputs.fill(0)), "c")
    assert untested == before


def test_normalised_training_images_have_mean_0_and_variance_1(data, make):
    description, train, _, _ = make(data)
    (values, _), *rest = Batches(train, description, len(train)).in_sequence()
    assert not rest
    np.testing.assert_allclose(values.mean(dim=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(values.std(dim=(0, 2, 3), correction=0), 1, atol=1e-5)


def test_a_channel_without_variation_is_shifted_only(data, make):
    def fill(inputs):
        inputs[..., 1] = 7

    description, *_ = make(replaced(data, "train", fill))
    assert (description.mean[1], description.std[1]) == (7, 1)


@pytest.fixture
def sparse():
    """60 training examples of 4 words: in all, in half, in one, and in none of them."""
    counts = np.zeros((75, 1, 1, 4), dtype=np.uint8)
    counts[..., 0] = 3
    counts[::2, ..., 1] = 4
    labels = np.arange(75, dtype=np.int64) % 3
    return LabelledData(Examples(counts, labels), Examples(counts[:9], labels[:9]), CLASSES)


def test_zeros_of_sparse_inputs_stay_zeros_on_one_common_scale(sparse, make):
    description, train, _, _ = make(sparse, centred=False)
    (values, _), *_ = Batches(train, description, len(train)).in_sequence()
    assert description.mean == (0,) * 4
    assert len(set(description.std)) == 1
    np.testing.assert_array_equal(values.numpy() == 0, train.inputs.transpose(0, 3, 1, 2) == 0)
    np.testing.assert_allclose(values.square().mean(), 1, rtol=1e-5)


def test_sparsity_is_measured_on_the_training_part(sparse, make):
    description, train, _, _ = make(sparse, centred=False)
    assert description.notes == {
        "share_of_zeros": pytest.approx(1 - (1 + (train.inputs[..., 1] > 0).mean()) / 4),
        "share_of_rare_words": 0.5,
    }
    assert make(sparse, "b")[0].notes == {}


@pytest.mark.parametrize(("present", "share"), [(1, 1.0), (2, 0.0)])
def test_a_word_is_rare_in_fewer_than_a_hundredth_of_the_examples(present, share, make):
    counts = np.zeros((250, 1, 1, 2), dtype=np.uint8)
    counts[..., 1] = 1
    labels = np.zeros(250, dtype=np.int64)
    # `present` of the 200 examples that the split leaves for training
    rows, _ = splits.stratified(labels, 0.2, 0)
    counts[rows[:present], ..., 0] = 5
    examples = Examples(counts, labels)
    description, *_ = make(LabelledData(examples, examples, ("only",)), centred=False)
    assert description.notes["share_of_rare_words"] == share / 2


def test_inputs_of_nothing_but_zeros_are_not_divided_by_zero(sparse, make):
    empty = replaced(sparse, "train", lambda inputs: inputs.fill(0))
    assert make(empty, centred=False)[0].std == (1,) * 4


def test_the_digest_changes_with_the_data_and_with_nothing_else(data, make):
    def touch(inputs):
        inputs[0, 1, 1, 1] ^= 1

    relabelled = data.train.labels.copy()
    relabelled[:2] = relabelled[1::-1] if relabelled[0] != relabelled[1] else (relabelled[:2] + 1) % 3
    digests = [
        make(one, name, seed=seed, centred=centred)[0].digest
        for name, one, seed, centred in (
            ("a", data, 0, True),
            ("b", replaced(data, "train", touch), 0, True),
            ("c", data, 1, True),
            ("d", data, 0, False),
            ("e", LabelledData(Examples(data.train.inputs, relabelled), data.test, CLASSES), 0, True),
        )
    ]
    assert len(set(digests)) == 5
    assert make(data, "f")[0].digest == digests[0]
    assert make(replaced(data, "test", touch), "g")[0].digest == digests[0]
    assert make(data, "h", title="Another title")[0].digest == digests[0]


def test_the_digest_is_what_it_always_was(data, make):
    """Trainings are known by it: another one would repeat them all."""
    digests = [make(data, name, centred=centred)[0].digest[:16] for name, centred in (("a", True), ("b", False))]
    assert digests == ["347a7d015e3c84cd", "50d7536142ffe903"]


def test_what_is_known_of_the_data_is_written_down(data, make):
    found, train, *_ = make(data, fraction=0.2, seed=3)
    assert (found.title, found.description) == ("Made up", "Made-up examples.")
    assert (found.shape, found.classes) == ((2, 3, 2), CLASSES)
    assert found.counts == {"train": 240, "validation": 60, "test": 100}
    assert (found.validation_fraction, found.split_seed) == (0.2, 3)
    assert found.white == train.inputs.max()


def test_the_digest_changes_with_the_validation_part(data, make):
    before, _, validation, _ = make(data)

    def touch(inputs):
        inputs[numbers(data.train).index(numbers(validation)[0]), 1, 1, 1] ^= 1

    assert make(replaced(data, "train", touch), "b")[0].digest != before.digest


def test_nothing_of_the_test_part_is_in_the_learning_folder(data, make, tmp_path):
    make(data)
    assert sorted(path.name for path in (tmp_path / "a/learning").iterdir()) == [
        "MD5SUMS",
        "description.json",
        "train_inputs.npy",
        "train_labels.npy",
        "validation_inputs.npy",
        "validation_labels.npy",
    ]
    learned = b"".join(path.read_bytes() for path in (tmp_path / "a/learning").iterdir())
    assert data.train.inputs[0].tobytes() in learned
    assert not [image for image in data.test.inputs if image.tobytes() in learned]
    assert sorted(path.name for path in (tmp_path / "a/test").iterdir()) == ["test_inputs.npy", "test_labels.npy"]


# --- numbers, targets and token ids -----------------------------------------------------------------------


def measured(count, seed, classes=3):
    """Floats (count, 5), the last of them constant, with labels that follow from the first."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(3, [1, 10, 100, 0.1, 0], (count, 5))
    return Examples(inputs, np.arange(count) % classes)


@pytest.fixture
def floats():
    return LabelledData(measured(100, 0), measured(40, 1), CLASSES)


def test_floats_are_stored_as_float32_and_scaled_column_by_column(floats, make):
    found, train, validation, _ = make(floats)
    assert (found.dtype, found.shape, found.outputs, found.white) == ("float32", (5,), 3, 0)
    assert (train.inputs.dtype, train.labels.dtype) == (np.float32, np.int64)
    assert (len(train), len(validation)) == (80, 20)
    np.testing.assert_allclose(found.mean, train.inputs.mean(axis=0, dtype=np.float64), rtol=1e-8)
    np.testing.assert_allclose(found.std[:4], train.inputs.std(axis=0, dtype=np.float64)[:4], rtol=1e-8)
    assert found.std[4] == 1
    (values, _), *_ = Batches(train, found, 80).in_sequence()
    np.testing.assert_allclose(values[:, :4].std(dim=0, correction=0), 1, atol=1e-5)


def test_numbers_of_one_common_scale_keep_their_zeros(floats, make):
    found, train, _, _ = make(floats, centred=False)
    assert found.mean == (0.0,) * 5
    assert found.std == (pytest.approx(np.sqrt(np.square(train.inputs, dtype=np.float64).mean())),) * 5
    assert found.notes["share_of_zeros"] == 0


@pytest.mark.parametrize(
    ("inputs", "stored", "shape"),
    [
        (np.arange(90, dtype=np.int64), np.float32, (1,)),
        (np.ones((90, 4), bool), np.float32, (4,)),
        (np.ones((90, 4), np.uint8), np.float32, (4,)),
        (np.ones((90, 2, 3), np.float64), np.float32, (2, 3)),
        (np.ones((90, 2, 3), np.uint8), np.uint8, (2, 3, 1)),
        (np.asfortranarray(np.ones((90, 2, 3, 4), np.float16)), np.float32, (2, 3, 4)),
    ],
)
def test_inputs_of_any_kind_are_stored_in_one_of_two_ways(inputs, stored, shape, make):
    examples = Examples(inputs, np.arange(90) % 3)
    found, train, *_ = make(LabelledData(examples, examples, CLASSES))
    assert (train.inputs.dtype, train.inputs.shape[1:], found.shape) == (stored, shape, shape)
    assert train.inputs.flags.c_contiguous


def test_targets_are_scaled_by_the_training_part_and_split_at_random(make):
    rng = np.random.default_rng(0)
    train, test = (Examples(rng.normal(size=(n, 2)), rng.normal(100, [5, 20], (n, 2))) for n in (50, 10))
    data = LabelledData(train, test)
    found, learned, validation, final = make(data, TASK="regression")
    assert (found.task, found.targets, found.outputs, found.classes) == ("regression", 2, 2, ())
    assert (len(learned), len(validation)) == (40, 10)
    assert learned.labels.dtype == np.float32
    np.testing.assert_allclose(learned.labels.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(learned.labels.std(axis=0), 1, atol=1e-5)
    restored = final.labels * found.target_std + found.target_mean
    np.testing.assert_allclose(restored, test.labels, rtol=1e-5)
    every = np.concatenate([learned.inputs, validation.inputs])
    np.testing.assert_allclose(np.sort(every[:, 0]), np.sort(train.inputs[:, 0]).astype(np.float32))
    assert make(data, "b", seed=1, TASK="regression")[0].digest != found.digest


def test_one_target_for_each_example_becomes_a_column(make):
    examples = Examples(np.ones((20, 2)), np.arange(20))
    found, train, *_ = make(LabelledData(examples, examples, ("age",)), TASK="regression")
    assert (train.labels.shape, found.classes) == ((16, 1), ("age",))


def tokens(count, seed, words=7):
    ids = np.random.default_rng(seed).integers(0, words, (count, 6), dtype=np.int32)
    return Examples(ids[:, :-1], ids[:, 1:])


def test_token_ids_are_stored_as_they_are(make):
    vocabulary = tuple("abcdefg")
    data = LabelledData(tokens(30, 0), tokens(5, 1), vocabulary)
    found, train, validation, test = make(data, TASK="next_token")
    assert (found.task, found.scaling, found.dtype, found.shape) == ("next_token", "none", "int64", (5,))
    assert (found.mean, found.std, found.outputs, found.notes) == ((), (), 7, {})
    assert (train.inputs.dtype, train.labels.dtype, len(train), len(validation)) == (np.int64, np.int64, 24, 6)
    np.testing.assert_array_equal(test.labels, data.test.labels)
    np.testing.assert_array_equal(train.labels[:, :-1], train.inputs[:, 1:])
    longer = LabelledData(data.train, data.test, (*vocabulary, "h"))
    assert make(longer, "b", TASK="next_token")[0].digest != found.digest


@pytest.mark.parametrize(
    ("fraction", "said"),
    [
        (0.001, "leaves 1 example of 300 for validation, fewer than 3 classes: it must be from 0.01 to 0.99"),
        (0.999, "leaves 0 examples of 300 for training"),
    ],
)
def test_a_share_that_leaves_fewer_examples_than_classes_is_refused(data, make, fraction, said):
    with pytest.raises(DataError, match=said):
        make(data, fraction=fraction)


def test_the_first_fault_of_the_examples_is_said_and_how_many_more(make):
    broken = Examples(np.array([[np.nan], [1.0]]), np.array([0, 5]))
    with pytest.raises(DataError, match=r"data set 'Made up': train: inputs: found nan .* \(and 1 more: "):
        make(LabelledData(broken, broken, CLASSES))
