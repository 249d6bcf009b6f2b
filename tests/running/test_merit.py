"""What a search and a champion go by."""

from __future__ import annotations

import math

import pytest

from pipeline.running import merit, planning
from tests import studies


def test_a_higher_accuracy_and_a_lower_loss_are_better() -> None:
    accurate, sure = studies.outcome(0.9, loss=0.8), studies.outcome(0.8, loss=0.3)
    assert merit.score(accurate, "accuracy") > merit.score(sure, "accuracy")
    assert merit.score(accurate, "loss") < merit.score(sure, "loss")


def test_a_divergence_is_worst_by_both() -> None:
    assert merit.score(studies.diverged(), "accuracy") == 0
    assert merit.score(studies.diverged(), "loss") == -math.inf


def test_only_a_regression_has_no_accuracy() -> None:
    assert merit.accuracy(studies.outcome(None)) is None
    assert merit.accuracy(studies.outcome(0.7)) == 0.7
    assert merit.accuracy(studies.diverged()) == 0


@pytest.mark.parametrize(
    ("outcomes", "measure", "said"),
    [
        ([(0.5, 1.0), (0.7, 3.0)], "accuracy", "validation accuracy 60.0%, mean of 2 seeds (50.0% to 70.0%)"),
        ([(0.5, 1.0), (0.7, 3.0)], "loss", "validation loss 2, mean of 2 seeds (1 to 3)"),
        ([(None, 1.5), (None, 2.5)], "accuracy", "validation loss 2, mean of 2 seeds (1.5 to 2.5)"),
        ([(None, None)], "loss", "no finite validation loss"),
    ],
)
def test_the_summary_of_the_seeds_is_in_the_terms_of_the_measure(outcomes, measure, said) -> None:
    found = [studies.outcome(accuracy, loss=loss, seed=seed) for seed, (accuracy, loss) in enumerate(outcomes)]
    assert planning.summary("adam", "digits", found, measure) == f"adam on digits: {said}"
