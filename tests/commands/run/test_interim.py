"""The ranking so far, of made-up trainings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.commands.run.interim import ranking
from pipeline.running import outputs
from tests import studies

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    studies.prepare_digits()


def trained(optimizer: str, *settings: tuple[float, ...], problem: str = "digits") -> None:
    """Write the trainings of an optimizer: the accuracy of every seed, by surviving setting; their loss is 1 − it."""
    outcomes = [
        studies.outcome(
            accuracy, loss=1 - accuracy, optimizer=optimizer, problem=problem, seed=seed, learning_rate=rate
        )
        for rate, setting in enumerate(settings, start=1)
        for seed, accuracy in enumerate(setting)
    ]
    outputs.write_trainings(optimizer, outcomes)


def test_each_seed_counts_with_its_best_setting_and_the_best_optimizer_is_first() -> None:
    trained("sgd", (0.5, 0.7), (0.6, 0.6))
    trained("muon", (0.9, 0.8))
    assert ranking(studies.settings(), ["sgd", "muon"]) == (
        "So far on digits, 2 of 2 (validation accuracy, mean of 2 seeds): Muon 85.0%, SGD 65.0%"
    )
    assert ranking(studies.settings(), ["sgd"]).endswith("1 of 2 (validation accuracy, mean of 2 seeds): SGD 65.0%")


def test_a_problem_of_losses_is_ranked_by_the_lowest() -> None:
    trained("sgd", (0.25, 0.25))
    trained("muon", (0.5, 0.5))
    found = ranking(studies.settings(digits={"measure": "loss"}), ["sgd", "muon"])
    assert found.endswith("(validation loss, mean of 2 seeds): Muon 0.5, SGD 0.75")


def test_an_optimizer_without_the_main_problem_is_passed_over() -> None:
    assert ranking(studies.settings(digits={"optimizers": ["muon"]}), ["sgd"]) == ""
