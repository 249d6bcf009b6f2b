"""Which network counts."""

from __future__ import annotations

from pipeline.evaluation import choosing
from tests import studies


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
