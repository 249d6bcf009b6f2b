"""Every fault of a data set has a sentence: what was found, with shape and type, and what it must be."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.data import checking
from pipeline.data.problems import digits
from pipeline.prepared.examples import Examples, LabelledData

CLASSES = ("a", "b", "c")


def file(**changes):
    names = {"TITLE": "T", "DESCRIPTION": "D.", "ARCHIVE": None, "load": lambda raw: None, "tiny": lambda: None}
    return SimpleNamespace(**{name: value for name, value in (names | changes).items() if value is not ...})


def part(inputs=None, labels=None):
    inputs = np.ones((9, 2)) if inputs is None else inputs
    return Examples(inputs, np.arange(len(inputs)) % 3 if labels is None else labels)


def faults(task="classification", classes=CLASSES, **arrays):
    return checking.of_examples(task, LabelledData(part(**arrays), part(), classes))


def test_a_right_file_and_right_examples_have_no_faults():
    assert checking.of_file(digits) == checking.of_file(file()) == []
    assert checking.of_file(file(TASK="regression", SCALING="none")) == []
    assert faults() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"TITLE": ...}, "TITLE is missing"),
        ({"TITLE": ..., "TITEL": "T"}, "TITLE is missing; the file has TITEL: is that what was meant?"),
        ({"TITLE": 3}, "TITLE is 3; it must be text"),
        ({"TITLE": "x" * 41}, "TITLE has 41 characters; it must have at most 40"),
        ({"ARCHIVE": "cifar11"}, "must be None or the name of an archive; did you mean 'cifar10'?"),
        ({"TASK": "clasification"}, "did you mean 'classification'? Allowed: classification, regression, next_token"),
        ({"SCALING": True}, "SCALING is True; it must be one of these; allowed: per_channel, common, none"),
        ({"SCALLING": "none"}, "SCALLING has no meaning here; did you mean SCALING?"),
        ({"tiny": 5}, "tiny is 5; it must be a function"),
        ({"load": ...}, "load is missing"),
    ],
)
def test_a_wrong_name_in_the_file_is_said(changes, said):
    (found,) = checking.of_file(file(**changes))
    assert said in found


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"inputs": [[1.0]]}, "train: inputs: found list; it must be a numpy array"),
        ({"inputs": np.array([["a"], ["b"], ["c"]])}, "train: inputs: found <U1 (3, 1); it must be numbers"),
        ({"inputs": np.ones((9, 2)) * 1j}, "inputs: found complex128 (9, 2)"),
        ({"inputs": np.full((9, 2), np.inf)}, "found inf in float64 (9, 2) at [0, 0] (18 such values)"),
        ({"inputs": np.full((9, 2), 1e300)}, "within float32, ±3.4e+38"),
        ({"inputs": np.ones((9, 0))}, "inputs float64 (9, 0) and labels int64 (9,)"),
        ({"labels": np.arange(8) % 3}, "inputs float64 (9, 2) and labels int64 (8,): both must have one row"),
        ({"labels": np.arange(9) % 3 + 1}, "labels: found 1 to 3 in int64 (9,); there are 3 classes: 0 to 2"),
        ({"labels": np.arange(9) % 3 * 1.0}, "float64 (9,); classes must be integers (n,) from 0: take labels.astype"),
        (
            {"labels": np.eye(3)[np.arange(9) % 3]},
            "float64 (9, 3); classes must be integers (n,) from 0: of one column",
        ),
        (
            {"labels": np.arange(9)[:, np.newaxis] % 3},
            "int64 (9, 1); classes must be integers (n,) from 0: take labels[",
        ),
        ({"labels": np.array(list("abc" * 3))}, "np.unique(labels, return_inverse=True) gives them"),
        ({"labels": np.array([0] * 4 + [1] * 4 + [2])}, "train: too few examples of 'c' (1); each class needs one to"),
        ({"inputs": np.ones((9, 3))}, "inputs of train are float64 (9, 3), of test float64 (9, 2); only the first"),
        ({"inputs": np.ones((9, 2), np.float32)}, "inputs of train are float32 (9, 2), of test float64 (9, 2)"),
    ],
)
def test_wrong_examples_are_said(arrays, said):
    found = faults(**arrays)
    assert said in found[0]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (("a", "b", "a"), "classes: 'a' stands there twice; names must differ"),
        (3, "classes: found 3; it must be a tuple of names"),
        ((1, 2, 3), "classes: found (1, 2, 3)"),
        (("a", "b\x1b[31m", "c"), "classes: found 'b\\x1b[31m'; a name must have no control characters"),
        (("a", "b"), "labels: found 0 to 2 in int64 (9,); there are 2 classes: 0 to 1"),
    ],
)
def test_wrong_classes_are_said(classes, said):
    assert said in faults(classes=classes)[0]


def test_a_class_without_a_test_example_is_said():
    data = LabelledData(part(), part(np.ones((2, 2))), CLASSES)
    assert checking.of_examples("classification", data) == [
        "test: too few examples of 'c' (0); each class needs one to judge by"
    ]


@pytest.mark.parametrize("found", [None, {}, (np.ones(3), np.ones(3))])
def test_what_is_no_labelled_data_is_said(found):
    assert "it must be LabelledData(train, test, classes)" in checking.of_examples("classification", found)[0]
    whole = LabelledData(found, part(), CLASSES)
    assert "it must be Examples(inputs, labels)" in checking.of_examples("classification", whole)[0]


def test_every_part_has_its_own_fault():
    broken = part(np.full((9, 2), np.nan))
    found = checking.of_examples("classification", LabelledData(broken, broken, CLASSES))
    assert [fault.partition(":")[0] for fault in found] == ["train", "test"]


@pytest.mark.parametrize(
    ("labels", "classes", "said"),
    [
        (np.array(["1.5"] * 9), (), "targets must be numbers (n,) or (n, targets)"),
        (np.ones((9, 2, 2)), (), "found float64 (9, 2, 2); targets must be"),
        (np.ones((9, 2)), ("one",), "found float64 (9, 2), but 1 names in classes: one for each target, or ()"),
        (np.array([np.nan] + [1.0] * 8), (), "labels: found nan in float64 (9,) at [0] (1 such value)"),
    ],
)
def test_wrong_targets_are_said(labels, classes, said):
    whole = LabelledData(part(labels=labels), part(labels=labels), classes)
    assert said in checking.of_examples("regression", whole)[0]


IDS = np.arange(12).reshape(3, 4) % 5


@pytest.mark.parametrize(
    ("inputs", "labels", "said"),
    [
        (IDS[:, :-1] * 1.0, IDS[:, 1:], "found float64 (3, 3); token ids must be integers (n, length)"),
        (IDS[:, :-1], IDS[:, 1:2], "found int64 (3, 1); they must be integers of the shape of the inputs (3, 3)"),
        (IDS[:, :-1], IDS[:, :-1], "labels[:, :-1] equals inputs[:, 1:]"),
        (IDS[:, :-1] + 1, IDS[:, 1:] + 1, "inputs: found 1 to 5 in int64 (3, 3); there are 5 words: 0 to 4"),
    ],
)
def test_wrong_tokens_are_said(inputs, labels, said):
    examples = Examples(inputs, labels)
    assert said in checking.of_examples("next_token", LabelledData(examples, examples, tuple("abcde")))[0]


@pytest.mark.parametrize("fraction", [0.34, 0.5, 0.66])
def test_a_share_that_leaves_an_example_for_each_class_is_right(fraction):
    assert checking.of_fraction("classification", LabelledData(part(), part(), CLASSES), fraction) == ""


def test_a_share_names_the_range_that_would_be_right():
    said = checking.of_fraction("classification", LabelledData(part(), part(), CLASSES), 0.2)
    assert said.endswith("leaves 2 examples of 9 for validation, fewer than 3 classes: it must be from 0.334 to 0.666")
    assert "fewer than one" in checking.of_fraction("regression", LabelledData(part(), part()), 0.95)
