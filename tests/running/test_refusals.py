"""Codes become sentences."""

from __future__ import annotations

import pytest

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import DataError, SettingsError
from pipeline.running import refusals
from pipeline.training import networks


@pytest.mark.parametrize(
    ("refusal", "kind", "expected"),
    [
        (Refusal("not_prepared", path="x.json"), DataError, "x.json is missing or .*: run `dvc repro` to prepare"),
        (Refusal("no_rest", where="optimizers.mine", kind="Muon"), SettingsError, "add `rest: {class: AdamW, arg"),
    ],
)
def test_a_refusal_becomes_one_sentence(refusal, kind, expected):
    with pytest.raises(kind, match=expected) as caught, refusals.in_words():
        raise refusal
    assert "\n" not in str(caught.value)


def test_images_that_are_too_small_are_named_with_their_size():
    with pytest.raises(SettingsError, match="images of 4 × 5 pixels are too small"), refusals.in_words():
        networks.build("assignment_cnn", (4, 5, 3), 10)


def test_other_errors_pass():
    with pytest.raises(KeyError), refusals.in_words():
        raise KeyError("x")
