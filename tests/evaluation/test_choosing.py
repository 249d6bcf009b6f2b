"""Which trainings count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.evaluation import choosing
from pipeline.evaluation.choosing import Replicates
from tests import studies

if TYPE_CHECKING:
    from pipeline.training.record import Outcome


def table(*settings: list[float | None], losses: list[list[float]] | None = None) -> list[Outcome]:
    """Trainings by setting and seed with these accuracies; None diverged."""
    return [
        studies.diverged(seed=seed, learning_rate=0.1 * (place + 1))
        if accuracy is None
        else studies.outcome(
            accuracy,
            loss=losses[place][seed - 1] if losses else 0.5,
            seed=seed,
            learning_rate=0.1 * (place + 1),
        )
        for place, accuracies in enumerate(settings)
        for seed, accuracy in enumerate(accuracies, 1)
    ]


def test_each_seed_picks_by_its_own_validation_result() -> None:
    outcomes = table([0.7, 0.8, 0.6], [0.72, 0.5, 0.6], [0.1, 0.81, None])
    own = Replicates(outcomes)
    assert own.places.tolist() == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    assert own.picked == (1, 2, 0)
    assert own.picks == [outcomes[3], outcomes[7], outcomes[2]]


def test_where_the_loss_decides_the_accuracy_does_not() -> None:
    outcomes = table([0.9, 0.9], [0.1, 0.1], losses=[[2.0, 1.0], [1.0, 2.0]])
    assert Replicates(outcomes, "loss").picked == (1, 0)
    assert Replicates(outcomes, "accuracy").picked == (0, 0)


def test_between_equal_accuracies_the_loss_decides_and_then_the_search() -> None:
    outcomes = table([0.5, 0.5], [0.5, 0.5], [0.5, 0.5], losses=[[1.0, 1.0], [0.9, 1.0], [0.9, 1.0]])
    assert Replicates(outcomes).picked == (1, 0)


@pytest.mark.parametrize("measure", ["accuracy", "loss"])
def test_a_seed_picks_a_diverged_training_only_where_all_diverged(measure: str) -> None:
    own = Replicates(table([None, None], [0.01, None]), measure)
    assert own.picked == (1, 0)
    assert [outcome.diverged for outcome in own.picks] == [False, True]


def test_the_best_by_itself_is_taken_of_each_seed_and_nothing_where_there_is_none() -> None:
    own = Replicates(table([0.7, 0.8, 0.6], [0.72, 0.5, 0.6]))
    values = np.array([3.0, np.nan, np.nan, 2.0, 5.0, np.nan])
    assert own.least(values).tolist()[:2] == [2.0, 5.0]
    assert own.most(values).tolist()[:2] == [3.0, 5.0]
    assert np.isnan([own.least(values)[2], own.most(values)[2]]).all()


def test_one_setting_is_picked_by_every_seed() -> None:
    own = Replicates(table([0.7, 0.8]))
    assert (own.picked, own.picked_places.tolist()) == ((0, 0), [0, 1])


# --- the champion -------------------------------------------------------------------------------------------


def test_champion_is_the_best_seed_of_the_optimizer_with_the_best_mean() -> None:
    scattered = [studies.outcome(a, optimizer="sgd", seed=s) for s, a in enumerate([0.99, 0.2, 0.3], 1)]
    steady = [studies.outcome(a, optimizer="adam", seed=s) for s, a in enumerate([0.7, 0.72, 0.71], 1)]
    found = choosing.champion([*scattered, *steady])
    assert (found.training.optimizer, found.training.seed) == ("adam", 2)


def test_champion_does_not_depend_on_the_order_of_candidates() -> None:
    candidates = [studies.outcome(0.5 + s / 100, optimizer=o, seed=s) for o in ("a", "b") for s in (1, 2, 3)]
    better = [studies.outcome(0.9, optimizer="c", seed=s) for s in (1, 2)]
    found = {choosing.champion(order).key for order in ([*candidates, *better], [*better, *candidates][::-1])}
    assert found == {better[0].key}


def test_a_diverged_seed_counts_as_nothing() -> None:
    broken = [studies.outcome(0.9, optimizer="a", seed=1), studies.diverged(optimizer="a", seed=2)]
    whole = [studies.outcome(0.5, optimizer="b", seed=s) for s in (1, 2)]
    assert choosing.champion([*broken, *whole]).training.optimizer == "b"


def test_the_smallest_seed_wins_a_tie() -> None:
    assert choosing.best_seed([studies.outcome(0.5, seed=s) for s in (3, 1, 2)]).training.seed == 1


def test_a_champion_by_loss_has_the_lowest_mean_and_then_the_lowest_loss() -> None:
    sure = [studies.outcome(0.5, loss=loss, optimizer="sgd", seed=s) for s, loss in enumerate([0.3, 0.2], 1)]
    right = [studies.outcome(0.9, loss=loss, optimizer="adam", seed=s) for s, loss in enumerate([0.1, 0.9], 1)]
    found = choosing.champion([*sure, *right], "loss")
    assert (found.training.optimizer, found.training.seed) == ("sgd", 2)
    lost = [studies.outcome(0.5, loss=0.01, optimizer="b", seed=1), studies.diverged(optimizer="b", seed=2)]
    assert choosing.champion([*sure, *lost], "loss").training.optimizer == "sgd"
