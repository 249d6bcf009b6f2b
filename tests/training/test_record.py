from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from pipeline.project import files
from pipeline.running import planning
from pipeline.running.key import key_of
from pipeline.training.record import Outcome, Training
from tests import studies

OTHER: dict[str, Any] = {
    "precision": "bfloat16",
    "device": "cuda",
    "kind": "tune",
    "problem": "cifar10",
    "optimizer": "sgd",
    "network": "wide_cnn",
    "row": {"class": "Adam", "arguments": {"amsgrad": False}, "rest": None},
    "learning_rate": 0.002,
    "epochs": 3,
    "batch_size": 51,
    "validations_per_epoch": 2,
    "seed": 2,
    "data": "e" * 64,
}


def test_all_that_decides_an_outcome_is_in_its_key() -> None:
    assert set(OTHER) == {field.name for field in fields(Training)}
    asked = studies.training()
    keys = {
        key_of(asked, "code"),
        key_of(asked, "other code"),
        *(key_of(studies.training(**{n: v}), "code") for n, v in OTHER.items()),
    }
    assert len(keys) == len(OTHER) + 2


def test_equal_settings_have_equal_keys() -> None:
    asked = studies.training(row={"arguments": {"a": 1, "b": 2}, "class": "Adam"})
    again = studies.training(row={"class": "Adam", "arguments": {"b": 2, "a": 1}})
    assert key_of(asked, "code") == key_of(again, "code")
    assert len(key_of(asked, "code")) == 32
    assert hash(asked) == hash(again)


@pytest.mark.parametrize("whole", [studies.outcome(weights={"a": np.zeros(2)}), studies.diverged(at=3)])
def test_outcomes_survive_json(whole: Outcome) -> None:
    found = Outcome.from_json(json.loads(json.dumps(whole.to_json(), allow_nan=False)), seconds=1.5)
    assert found == whole
    assert found.weights is None


def test_what_dvc_hashes_holds_no_time() -> None:
    assert "seconds" not in json.dumps(studies.outcome().to_json())


def test_a_training_that_diverged_has_no_accuracy() -> None:
    broken = studies.diverged(at=3)
    assert broken.diverged
    assert broken.validation_accuracy == 0
    assert broken.last.step == 10


def test_labels_do_not_decide_an_outcome() -> None:
    settings = studies.settings()
    row = settings.optimizers["muon"]
    given = {"learning_rate": 0.1, "seed": 1, "data": "d"}
    asked = planning.plan("train", "muon", row, "digits", settings.problems["digits"], **given)
    renamed = row.model_copy(update={"label": "Another", "learning_rate": 5.0})
    assert planning.plan("train", "muon", renamed, "digits", settings.problems["digits"], **given) == asked
    assert set(asked.row) == {"class", "arguments", "rest"}
    assert asked.row["rest"] == {"class": "AdamW", "arguments": {"weight_decay": 0.0}}
    assert (asked.epochs, asked.batch_size) == (1, settings.problems["digits"].batch_size)


def test_summary_counts_its_own_problem_and_the_diverged() -> None:
    outcomes = [studies.outcome(0.5, seed=1), studies.diverged(seed=2), studies.outcome(0.9, problem="other")]
    assert planning.summary("adam", "digits", outcomes) == (
        "adam on digits: 25.0% of the validation examples right, mean of 2 seeds (0.0% to 50.0%); 1 diverged"
    )


def test_canonical_json_knows_no_order() -> None:
    assert files.canonical({"b": [1, 2], "a": {"d": 1, "c": None}}) == '{"a":{"c":null,"d":1},"b":[1,2]}'
