"""Prepared examples are read as they were written."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline.data import preparing
from pipeline.data.problems import digits, digits_words
from pipeline.prepared import reader
from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import DataError
from pipeline.running import refusals


@pytest.fixture
def written(tmp_path):
    return preparing.prepare(digits, digits.tiny(), 0.2, 0, tmp_path / "learning", tmp_path / "test")


@pytest.mark.parametrize("dataset", [digits, digits_words])
def test_the_description_is_read_back_as_it_was(dataset, tmp_path):
    written = preparing.prepare(dataset, dataset.tiny(), 0.2, 0, tmp_path / "learning", tmp_path / "test")
    assert reader.describe(tmp_path / "learning") == written


@pytest.mark.usefixtures("written")
def test_examples_are_read_back_as_they_were(tmp_path):
    found, expected = reader.open_part(tmp_path / "test", "test"), digits.tiny().test
    np.testing.assert_array_equal(found.inputs, expected.inputs)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert isinstance(found.inputs, np.memmap), "every worker would read its own copy"


@pytest.mark.usefixtures("written")
def test_a_write_to_mapped_examples_changes_no_file(tmp_path):
    reader.open_part(tmp_path / "test", "test").inputs[:] = 0
    assert reader.open_part(tmp_path / "test", "test").inputs.any()


def test_data_that_is_not_prepared_is_refused_by_name(tmp_path):
    with pytest.raises(Refusal) as caught:
        reader.describe(tmp_path)
    assert (caught.value.code, caught.value.values) == ("not_prepared", {"path": tmp_path / "description.json"})


@pytest.mark.parametrize("damaged", ["{", "[1]", ""])
def test_a_damaged_description_is_refused_by_name(tmp_path, damaged):
    (tmp_path / "description.json").write_text(damaged)
    with pytest.raises(Refusal, match="not_prepared"):
        reader.describe(tmp_path)


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("change", [{"colour": 1}, {"white": None}])
def test_a_description_of_another_version_is_refused_in_one_sentence(tmp_path, change):
    path = tmp_path / "learning/description.json"
    content = {**json.loads(path.read_text()), **change}
    path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))
    with pytest.raises(DataError, match=r"description\.json is missing or .* run `dvc repro`"), refusals.in_words():
        reader.describe(tmp_path / "learning")
