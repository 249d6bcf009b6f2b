"""From the final trainings of a problem to what is measured of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.evaluation.measuring import Problem, place_of
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.running import outputs
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _in_the_study(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_what_is_assessed_is_what_was_trained() -> None:
    trained, weights = outputs.read_trainings("sgd"), paths.weights("sgd", "digits")
    task = place_of("digits").task(trained, weights)
    assert (task.problem, task.optimizer, task.network, task.convolution) == (
        *("digits", "sgd", "digits_cnn"),
        trained[0].training.convolution,
    )
    assert task.keys == tuple(outcome.key for outcome in trained)
    assert (task.weights, task.test, task.memo) == (weights, paths.test("digits"), paths.memo())


def test_the_facts_of_a_problem_have_the_title_that_its_settings_give() -> None:
    row = studies.settings(digits={"title": "Mine"}).problems["digits"]
    description = reader.describe(paths.learning("digits"))
    facts = Problem(row, description, "accuracy", np.zeros(1), {}).facts("digits")
    assert (facts.title, facts.data, facts.measure) == ("Mine", "digits", "accuracy")
    assert facts.counts == description.counts
