from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import tuning
from pipeline.settings.study import TuningSettings
from pipeline.tuning import Choice, Trial, steps_around
from tests import studies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.training.record import Outcome


class Runner:
    """Trains in no time: accuracy and loss come from a function of problem and learning rate."""

    def __init__(
        self,
        landscape: Callable[[str, float], tuple[float, float | None]],
        pick: Callable[[int], int] = lambda waiting: 0,
    ) -> None:
        self.landscape = landscape
        self.pick = pick
        self.rounds: list[list[tuple[str, float]]] = []
        self.guesses: list[tuple[str, float] | None] = []  # after each trial

    def __call__(
        self,
        first: Sequence[Trial],
        follow: Callable[[Trial, Outcome], Sequence[Trial]],
        likely: Callable[[], Trial | None],
    ) -> None:
        waiting = [*first]
        self.rounds.append(named(first))
        while waiting:
            trial = waiting.pop(self.pick(len(waiting)))
            further = list(follow(trial, self.outcome(trial.problem, trial.learning_rate)))
            waiting += further
            self.rounds += [named(further)] if further else []
            guess = likely()
            self.guesses.append(None if guess is None else (guess.problem, guess.learning_rate))

    def outcome(self, problem: str, rate: float) -> Outcome:
        accuracy, loss = self.landscape(problem, rate)
        return studies.outcome(accuracy, loss=loss, kind="tune", problem=problem, learning_rate=rate, seed=0)


def named(trials: Sequence[Trial]) -> list[tuple[str, float]]:
    return [(trial.problem, trial.learning_rate) for trial in trials]


P = {"p": steps_around(0, 3)}


def hill(top: float, width: float = 1.0) -> Callable[[str, float], tuple[float, float | None]]:
    def landscape(_: str, rate: float) -> tuple[float, float | None]:
        distance = abs(math.log10(rate / top)) / width
        return max(0.0, 0.9 - 0.1 * distance), distance

    return landscape


def budget(points: int = 3, per_decade: int = 1, extensions: int = 3) -> TuningSettings:
    return TuningSettings(seed=0, points=points, points_per_decade=per_decade, max_extensions=extensions)


# --- the grid ---------------------------------------------------------------------------------------------


def grid(centre: float, points: int, per_decade: int) -> list[float]:
    return [tuning.rate_at(centre, step, per_decade) for step in steps_around(0, points)]


def test_grid_is_log_spaced_around_its_centre() -> None:
    assert grid(0.001, 7, 2) == [3.16e-05, 0.0001, 0.000316, 0.001, 0.00316, 0.01, 0.0316]
    assert grid(1.0, 3, 1) == [0.1, 1.0, 10.0]
    assert grid(0.002, 1, 2) == [0.002]
    assert list(steps_around(5, 3)) == [4, 5, 6]


def test_an_even_number_of_points_has_one_more_below() -> None:
    assert grid(1.0, 4, 1) == [0.01, 0.1, 1.0, 10.0]


@given(st.floats(1e-6, 100), st.integers(3, 21), st.integers(1, 20))
def test_grids_ascend_by_equal_factors(centre: float, points: int, per_decade: int) -> None:
    rates = grid(centre, points, per_decade)
    assert len(rates) == points
    for low, high in itertools.pairwise(rates):
        assert high / low == pytest.approx(10 ** (1 / per_decade), rel=0.011)  # three digits each


# --- the search -------------------------------------------------------------------------------------------


def test_a_best_value_inside_ends_the_search() -> None:
    run = Runner(hill(1.0))
    trials, choices = tuning.search(1.0, P, budget(), run)
    assert len(run.rounds) == 1
    assert [t.training.learning_rate for t in trials["p"]] == [0.1, 1.0, 10.0]
    assert choices["p"] == Choice(1.0, pytest.approx(0.9), 3, on_edge=False, validation_loss=0.0)


@pytest.mark.parametrize(
    ("top", "added", "best"), [(100.0, [100.0, 1000.0], 100.0), (0.01, [0.01, 0.001], 0.01)], ids=["up", "down"]
)
def test_a_best_value_on_an_edge_extends_the_grid_beyond_it(top: float, added: list[float], best: float) -> None:
    run = Runner(hill(top))
    trials, choices = tuning.search(1.0, P, budget(), run)
    assert [rate for asked in run.rounds[1:] for _, rate in asked] == added
    rates = [t.training.learning_rate for t in trials["p"]]
    assert rates == sorted(rates)
    assert choices["p"] == Choice(best, pytest.approx(0.9), 5, on_edge=False, validation_loss=0.0)


@pytest.mark.parametrize("extensions", [0, 1, 4])
def test_extensions_are_limited_and_the_edge_is_told(extensions: int) -> None:
    run = Runner(hill(1e9, width=20))
    _, choices = tuning.search(1.0, P, budget(extensions=extensions), run)
    assert len(run.rounds) == 1 + extensions
    assert choices["p"].learning_rate == 10.0 ** (1 + extensions)
    assert choices["p"].trials == 3 + extensions
    assert choices["p"].on_edge


def test_the_last_extension_may_find_the_best_inside() -> None:
    # top at 100: one point beyond 10 is the top itself (an edge), the second shows that it is inside
    _, edge = tuning.search(1.0, P, budget(extensions=1), Runner(hill(100.0)))
    _, inside = tuning.search(1.0, P, budget(extensions=2), Runner(hill(100.0)))
    assert (edge["p"].on_edge, inside["p"].on_edge) == (True, False)
    assert edge["p"].learning_rate == inside["p"].learning_rate == 100.0


def test_where_all_diverge_the_grid_goes_down() -> None:
    run = Runner(lambda _, rate: (0.0, None) if rate > 1e-3 else (0.5, 1.0 + rate))
    trials, choices = tuning.search(1.0, P, budget(extensions=6), run)
    assert [asked[0][1] for asked in run.rounds[1:4]] == [0.01, 0.001, 0.0001]
    assert trials["p"][-1].training.learning_rate == 10.0
    assert choices["p"].validation_accuracy == 0.5


def test_ties_go_to_the_lower_loss_then_to_the_smaller_rate() -> None:
    losses = {0.1: 0.7, 1.0: 0.6, 10.0: 0.6}
    _, choices = tuning.search(
        1.0, {"p": steps_around(0, 3)}, budget(), Runner(lambda _, rate: (0.5, losses.get(rate, 9.0)))
    )
    assert choices["p"].learning_rate == 1.0


def test_a_loss_that_is_no_number_loses_a_tie() -> None:
    losses = {0.1: 0.7, 1.0: None, 10.0: 0.9}
    _, choices = tuning.search(
        1.0, {"p": steps_around(0, 3)}, budget(extensions=0), Runner(lambda _, rate: (0.5, losses[rate]))
    )
    assert choices["p"].learning_rate == 0.1


def test_every_problem_goes_on_at_its_own_pace() -> None:
    tops = {"a": 1.0, "b": 100.0, "c": 0.01}
    run = Runner(lambda problem, rate: hill(tops[problem])(problem, rate))
    trials, choices = tuning.search(1.0, {name: steps_around(0, 3) for name in tops}, budget(), run)
    assert [[problem for problem, _ in asked] for asked in run.rounds] == [
        list("aaabbbccc"),
        ["b"],
        ["c"],
        ["b"],
        ["c"],
    ]
    assert {name: choice.learning_rate for name, choice in choices.items()} == tops
    assert all(t.training.problem == name for name, found in trials.items() for t in found)


def test_a_guess_goes_beyond_the_edge_that_the_best_so_far_lies_on() -> None:
    run = Runner(hill(0.1))
    tuning.search(1.0, P, budget(extensions=1), run)
    # 0.1 is the best from the start; once all are in, the guess has come true, and the budget is used up
    assert run.guesses == [("p", 0.01), ("p", 0.01), None, None]
    assert run.rounds[1:] == [[("p", 0.01)]]
    # 0.1 and 1 lie inside of what is under way
    run = Runner(hill(1.0))
    tuning.search(1.0, P, budget(), run)
    assert run.guesses == [("p", 0.01), None, None]
    # nobody knows anything of the second problem
    run = Runner(lambda problem, rate: hill({"p": 1.0, "q": 100.0}[problem])(problem, rate))
    tuning.search(1.0, {"p": steps_around(0, 3), "q": steps_around(0, 3)}, budget(), run)
    assert run.guesses == [("p", 0.01), None, None, ("q", 0.01), None, None, None, None]


def test_no_problem_needs_no_training() -> None:
    run = Runner(hill(1.0))
    assert tuning.search(1.0, {}, budget(), run) == ({}, {})
    assert run.rounds == []


@given(st.dictionaries(st.integers(-3, 4), st.tuples(st.floats(0, 1), st.floats(0, 9) | st.none())))
def test_the_choice_is_the_best_of_all_trials(landscape: dict[int, tuple[float, float | None]]) -> None:
    run = Runner(lambda _, rate: landscape.get(round(math.log10(rate)), (0.0, None)))
    trials, choices = tuning.search(1.0, P, budget(), run)
    choice, found = choices["p"], trials["p"]
    best = max(t.validation_accuracy for t in found)
    assert choice.validation_accuracy == best
    at_choice = next(t for t in found if t.training.learning_rate == choice.learning_rate)
    assert at_choice.validation_accuracy == best
    assert choice.trials == len(found) == sum(len(asked) for asked in run.rounds) <= 6
    assert choice.on_edge == (
        choice.learning_rate in (found[0].training.learning_rate, found[-1].training.learning_rate)
    )
    # on an edge only where the budget was used up
    assert not choice.on_edge or choice.trials == 6


# --- problems that start from another's value -------------------------------------------------------------


# how long an example takes says nothing here
@hypothesis.settings(deadline=None)
@given(st.data())
def test_the_order_in_which_trials_end_changes_nothing(data: st.DataObject) -> None:
    settings = studies.settings(
        other={}, first={}, longer={"tuned_on": "first"}, again={"tuned_on": "other"}, last={"tuned_on": "first"}
    )
    middle = settings.optimizers["sgd"].learning_rate_centre
    tops = {"other": 1e3, "first": 1e-3, "longer": 1e-4, "again": 1.0, "last": 1.0}

    def landscape(problem: str, rate: float) -> tuple[float, float | None]:
        return hill(middle * tops[problem])(problem, rate)

    def any_of(waiting: int) -> int:
        return data.draw(st.integers(0, waiting - 1))

    expected = tuning.tune("sgd", settings, Runner(landscape))
    found = tuning.tune("sgd", settings, Runner(landscape, any_of))
    assert found == expected
    assert [list(part) for part in found] == [["other", "first", "longer", "again", "last"]] * 2


def test_the_problem_that_another_waits_for_comes_first() -> None:
    settings = studies.settings(other={}, first={}, longer={"tuned_on": "first"})
    run = Runner(hill(settings.optimizers["sgd"].learning_rate_centre))
    tuning.tune("sgd", settings, run)
    assert [problem for problem, _ in run.rounds[0]] == ["first"] * 7 + ["other"] * 7


def test_tuned_on_starts_a_second_wave_around_the_first_ones_best() -> None:
    settings = studies.settings(first={}, longer={"tuned_on": "first", "neighbours": 1}, other={})
    middle = settings.optimizers["sgd"].learning_rate_centre
    run = Runner(hill(middle * 10))
    trials, choices = tuning.tune("sgd", settings, run)
    assert {problem for problem, _ in run.rounds[0]} == {"first", "other"}
    assert len(run.rounds[0]) == 2 * settings.tuning.points
    best = choices["first"].learning_rate
    assert best == pytest.approx(middle * 10)
    assert run.rounds[1] == [("longer", tuning.rate_at(best, step, 2)) for step in (-1, 0, 1)]
    assert len(run.rounds) == 2
    assert len(trials["longer"]) == 3
    assert tuning.expected_trials("sgd", settings) == sum(map(len, run.rounds))


def test_without_neighbours_the_value_is_checked_on_both_sides_all_the_same() -> None:
    settings = studies.settings(first={}, longer={"tuned_on": "first", "neighbours": 0})
    run = Runner(hill(settings.optimizers["sgd"].learning_rate_centre))
    _, choices = tuning.tune("sgd", settings, run)
    assert choices["longer"].learning_rate == choices["first"].learning_rate
    assert (choices["longer"].trials, choices["longer"].on_edge) == (3, False)


def test_an_optimizer_is_tuned_where_it_takes_part_only() -> None:
    settings = studies.settings(first={"optimizers": ["muon"]}, second={})
    run = Runner(hill(0.1))
    assert list(tuning.tune("sgd", settings, run)[1]) == ["second"]
    assert list(tuning.tune("muon", settings, run)[1]) == ["first", "second"]


def test_summary_tells_of_an_edge() -> None:
    assert tuning.summary("sgd", "digits", Choice(0.1, 0.5, 7, on_edge=True)) == (
        "sgd on digits: learning rate 0.1 of 7 tried (validation accuracy 50.0%, still on the edge of the grid)"
    )


def test_a_search_by_loss_takes_the_lowest_loss_whatever_the_accuracy() -> None:
    # the rate of the best accuracy has the worst loss
    run = Runner(lambda _, rate: (0.9, 3.0) if rate == 10 else (0.5, 0.1 if rate == 1 else 0.2))
    grid = {"p": steps_around(0, 3)}
    _, by_loss = tuning.search(1.0, grid, budget(extensions=0), run, measure=lambda _: "loss")
    assert by_loss["p"] == Choice(1.0, 0.5, 3, on_edge=False, validation_loss=0.1)
    _, by_accuracy = tuning.search(1.0, grid, budget(extensions=0), run)
    assert by_accuracy["p"].learning_rate == 10


def test_a_regression_is_searched_by_its_loss() -> None:
    run = Runner(lambda _, rate: (None, abs(math.log10(rate)) + 0.5))
    _, choices = tuning.search(1.0, {"p": steps_around(0, 3)}, budget(), run)
    assert choices["p"] == Choice(1.0, None, 3, on_edge=False, validation_loss=0.5)
    assert "validation loss 0.5)" in tuning.summary("sgd", "p", choices["p"])
