"""The text that everybody has: the same tokens everywhere, numbered by the training part alone."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.problems import next_word
from pipeline.project.errors import DataError


@pytest.fixture(scope="module")
def whole():
    return next_word.load(Path())


def test_the_statistics_are_those_that_its_file_tells(whole):
    assert whole.train.inputs.shape == (4008, 32)
    assert whole.test.inputs.shape == (500, 32)
    assert len(whole.classes) == 1000
    every = np.concatenate([whole.train.inputs, whole.train.labels[:, -1:]], axis=1)
    shares = np.bincount(every.ravel(), minlength=1000) / every.size
    assert shares[0] == pytest.approx(0.0559, abs=1e-4)
    assert -(shares * np.log(shares)).sum() == pytest.approx(4.98, abs=5e-3)
    # few words make most of the text
    assert np.sort(shares)[-20:].sum() > 0.4


def test_the_vocabulary_is_that_of_the_training_part_the_most_frequent_first(whole):
    assert whole.classes[0] == next_word.UNKNOWN
    every = np.concatenate([whole.train.inputs, whole.train.labels[:, -1:]], axis=1)
    counts = np.bincount(every.ravel(), minlength=1000)[1:]
    assert (np.diff(counts) <= 0).all()
    assert counts[-1] > 0
    assert whole.classes[4] == "the"


def test_labels_are_the_words_that_follow(whole):
    for part in (whole.train, whole.test):
        np.testing.assert_array_equal(part.labels[:, :-1], part.inputs[:, 1:])
    words = [whole.classes[word] for word in whole.train.inputs[0]]
    assert words.count(next_word.UNKNOWN) < 16


def test_the_package_is_read_and_not_imported():
    before = set(sys.modules)
    next_word.tiny()
    assert not [name for name in set(sys.modules) - before if name.startswith("sympy.sets")]


def test_another_version_of_the_package_is_refused_by_name(tmp_path, monkeypatch):
    (tmp_path / "sympy" / "core").mkdir(parents=True)
    (tmp_path / "sympy" / "__init__.py").write_text("")
    (tmp_path / "sympy" / "core" / "a.py").write_text('"""Another text."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sympy", raising=False)
    with pytest.raises(DataError, match=r"of sympy 1\.14\.0; those of the installed sympy .* differ: install"):
        next_word.load(Path())


def test_code_is_no_prose_and_only_ascii_counts(tmp_path, monkeypatch):
    (tmp_path / "sympy" / "sets").mkdir(parents=True)
    (tmp_path / "sympy" / "__init__.py").write_text("")
    lines = [
        '"""Title: Ünder_score 12',
        "",
        "    >>> print(1)",
        "    1",
        "",
        "    End.",
        '"""',
        "x = 'no docstring'",
        "",
    ]
    (tmp_path / "sympy" / "sets" / "a.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sympy", raising=False)
    found = list(next_word._tokens(["sets"]))
    assert found == ["title", ":", "nder", "_", "score", "12", "end", "."]
    assert Counter(found)["print"] == 0
