from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline.project import files
from pipeline.training.record import OptimizerRow, Outcome
from tests import studies

MUON = OptimizerRow("Muon", {"ns_steps": 5}, OptimizerRow("AdamW", {"betas": [0.9, 0.99]}))


@pytest.mark.parametrize(
    "whole", [studies.outcome(weights={"a": np.zeros(2)}), studies.diverged(at=3), studies.outcome(row=MUON)]
)
def test_outcomes_survive_json(whole: Outcome) -> None:
    found = Outcome.from_json(json.loads(json.dumps(whole.to_json(), allow_nan=False)), seconds=1.5)
    assert found == whole
    assert hash(found.training) == hash(whole.training)
    assert found.weights is None


def test_what_dvc_hashes_holds_no_time() -> None:
    assert "seconds" not in json.dumps(studies.outcome().to_json())


def test_a_training_that_diverged_has_no_accuracy() -> None:
    broken = studies.diverged(at=3)
    assert broken.diverged
    assert broken.validation_accuracy == 0
    assert broken.last.step == 10


def test_canonical_json_knows_no_order() -> None:
    assert files.canonical({"b": [1, 2], "a": {"d": 1, "c": None}}) == '{"a":{"c":null,"d":1},"b":[1,2]}'
