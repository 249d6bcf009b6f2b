from __future__ import annotations

import pytest

from pipeline.commands.judge import roles
from pipeline.commands.judge.roles import Requested
from pipeline.commands.judge.table import ResultsError


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (
            ["Optimizer", "SEED", "LR", "Test Accuracy"],
            {"optimizer": "Optimizer", "seed": "SEED", "learning_rate": "LR"},
        ),
        (
            ["params.optimizer", "params.seed", "params.lr", "metrics.epoch", "metrics.lr"],
            {"optimizer": "params.optimizer", "seed": "params.seed", "learning_rate": "params.lr"},
        ),
        (
            ["config/optim", "random_state", "dataset", "step"],
            {"optimizer": "config/optim", "seed": "random_state", "problem": "dataset", "epoch": "step"},
        ),
        (["opt", "optimizer", "epoch", "step"], {"optimizer": "optimizer", "epoch": "epoch"}),
        (["adam", "sgd"], {}),
    ],
)
def test_columns_are_known_by_the_names_that_people_use(names: list[str], found: dict[str, str]) -> None:
    assert roles.assign(names, Requested()) == found


def test_the_user_decides() -> None:
    names = ["optimizer", "method", "seed"]
    assert roles.assign(names, Requested({"optimizer": "Method"}))["optimizer"] == "method"


def test_two_columns_for_one_role_are_asked_for() -> None:
    with pytest.raises(
        ResultsError, match="the learning rate could be in 'lr' and 'LR': name one with --learning-rate-column"
    ):
        roles.assign(["lr", "LR"], Requested())


def test_a_mistyped_column_gets_a_suggestion_and_a_short_list() -> None:
    names = ["method", *(f"column_{number}" for number in range(1000))]
    with pytest.raises(ResultsError, match="no column 'metod'; did you mean 'method'") as caught:
        roles.assign(names, Requested({"optimizer": "metod"}))
    assert len(str(caught.value)) < 400
