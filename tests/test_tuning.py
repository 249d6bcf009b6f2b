from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline import tuning
from pipeline.project import paths
from pipeline.running import memo
from pipeline.running.key import code_fingerprint, key_of
from pipeline.running.outputs import Choice, Setting
from pipeline.running.settings import ExecutionSettings
from tests import studies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome
    from pipeline.tuning import Trial


class Runner:
    """Trains in no time: accuracy and loss are a function of the setting; trials finish in any order."""

    def __init__(self, landscape: Callable[[Setting], tuple[float | None, float | None]], order: int = 0) -> None:
        self.landscape = landscape
        self.order = np.random.default_rng(order)
        self.asked: list[Trial] = []

    def __call__(self, first: Sequence[Trial], follow: Callable[[Trial, Outcome], Sequence[Trial]]) -> None:
        waiting = list(first)
        while waiting:
            trial = waiting.pop(int(self.order.integers(len(waiting))))
            self.asked.append(trial)
            waiting += follow(trial, self.outcome(trial))

    def outcome(self, trial: Trial) -> Outcome:
        accuracy, loss = self.landscape(trial.setting)
        found = studies.outcome(
            accuracy, loss=loss, kind="tune", problem=trial.problem, learning_rate=trial.setting.learning_rate, seed=0
        )
        return found if loss is not None else replace(found, diverged_at=3)


def hill(top: float) -> Callable[[Setting], tuple[float, float]]:
    def landscape(setting: Setting) -> tuple[float, float]:
        distance = abs(math.log10(setting.learning_rate / top))
        return max(0.0, 0.9 - 0.1 * distance), distance

    return landscape


def settings(
    optimizer: str = "adam", measure: str = "accuracy", default: float | None = None, **tuning_settings: int
) -> Settings:
    content = studies.params()
    if default is not None:
        content["optimizers"][optimizer]["default_learning_rate"] = default
    content["problems"] = {"digits": {**content["problems"]["digits"], "measure": measure, "demo": False}}
    content["optimizers"] = {optimizer: content["optimizers"][optimizer]}
    content["comparison"]["baseline"] = optimizer
    content["tuning"].update({"points": 12, "points_beyond": 4, "survivors": 3, **tuning_settings})
    return studies.validated(content)


def search(
    landscape: Callable[[Setting], tuple[float | None, float | None]],
    optimizer: str = "adam",
    measure: str = "accuracy",
    order: int = 0,
    **tuning_settings: int,
) -> tuple[list[Outcome], Choice, list[Trial]]:
    runner = Runner(landscape, order)
    outcomes, choices = tuning.tune(optimizer, settings(optimizer, measure, **tuning_settings), runner)
    return outcomes["digits"], choices["digits"], runner.asked


# --- the points -------------------------------------------------------------------------------------------


def test_every_coordinate_has_a_point_in_each_of_its_parts() -> None:
    points = tuning.unit_points(12, 50)
    for coordinate in zip(*points, strict=True):
        assert sorted(int(12 * place) for place in coordinate) == list(range(12))
    assert tuning.unit_points(12, 50) == points
    assert tuning.unit_points(12, 51) != points


def test_all_rows_have_the_same_points_and_the_default_beside_them() -> None:
    _, _, adam = search(hill(0.003), "adam")
    _, _, sgd = search(hill(0.03), "sgd")
    rates = {trial.number: trial.setting.learning_rate for trial in adam}
    assert rates[None] == 0.001
    assert set(rates) == {None, *range(12)}
    # the same places of two ranges of three decades
    assert [trial.setting.learning_rate for trial in sorted(sgd, key=lambda t: t.number or 0)] == pytest.approx(
        [10 * rates[number] for number in range(12)], rel=0.01
    )
    assert all(set(trial.setting.arguments) == {"beta1", "eps"} for trial in adam if trial.number is not None)


# --- who survives -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", range(3))
def test_the_best_settings_survive_in_whatever_order_they_finish(order: int) -> None:
    outcomes, choice, asked = search(hill(0.003), order=order)
    points = sorted((t.setting for t in asked if t.number is not None), key=lambda s: hill(0.003)(s)[1])
    assert choice.survivors == tuple(points[:3])
    assert (choice.trials, choice.widened, choice.on_edge) == (12, None, False)
    assert choice.validation_accuracy == pytest.approx(hill(0.003)(points[0])[0])
    assert outcomes[0].training.learning_rate == 0.001
    assert len(outcomes) == 13


def test_the_default_setting_is_shown_and_never_chosen() -> None:
    _, choice, _ = search(hill(0.001))
    assert Setting(0.001) not in choice.survivors


def test_loss_decides_where_the_problem_says_so() -> None:
    def landscape(setting: Setting) -> tuple[float, float]:
        return setting.learning_rate, abs(math.log10(setting.learning_rate / 0.003))

    by_accuracy, by_loss = (search(landscape, measure=measure)[1] for measure in ("accuracy", "loss"))
    assert by_accuracy.survivors[0].learning_rate > 0.05
    assert by_loss.survivors[0].learning_rate == pytest.approx(0.003, rel=0.5)


def test_a_diverged_trial_survives_only_where_nothing_else_does() -> None:
    def landscape(setting: Setting) -> tuple[float | None, float | None]:
        return (0.5, 1.0) if setting.learning_rate < 0.0005 else (0.0, None)

    _, choice, asked = search(landscape, survivors=5)
    fine = [t for t in asked if t.number is not None and t.setting.learning_rate < 0.0005]
    assert {setting.learning_rate for setting in choice.survivors[: len(fine)]} >= {
        t.setting.learning_rate for t in fine[:1]
    }
    _, nothing, _ = search(lambda setting: (0.0, None))
    assert (len(nothing.survivors), nothing.validation_accuracy) == (3, 0.0)


# --- beyond the border ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("top", "side"), [(1e-6, "low"), (1.0, "high")])
def test_a_best_point_on_the_border_widens_the_range_once(top: float, side: str) -> None:
    _, choice, asked = search(hill(top))
    assert (choice.widened, choice.trials, choice.on_edge) == (side, 16, True)
    beyond = [t.setting.learning_rate for t in asked if t.number is not None and t.number >= 12]
    low, high = (1e-5, 1e-4) if side == "low" else (0.1, 1.0)
    assert len(beyond) == 4
    assert all(low <= rate <= high for rate in beyond)
    assert choice.survivors[0].learning_rate in beyond


def test_a_best_point_found_beyond_the_border_is_no_longer_on_the_edge() -> None:
    inside = sorted(t.setting.learning_rate for t in search(hill(0.3))[2] if t.number is not None)[-2]
    _, choice, _ = search(hill(inside))
    assert (choice.widened, choice.on_edge) == ("high", False)


def test_several_problems_are_searched_together_and_tuned_ones_not_at_all() -> None:
    content = studies.params()
    digits = {**content["problems"]["digits"], "demo": False, "data": "digits"}
    content["problems"] = {"a": digits, "b": digits, "c": {**digits, "tuned_on": "a"}, "d": {**digits, "untuned": True}}
    content["optimizers"] = {"adam": content["optimizers"]["adam"]}
    runner = Runner(hill(0.003))
    outcomes, choices = tuning.tune("adam", studies.validated(content), runner)
    assert list(outcomes) == list(choices) == ["a", "b"]
    assert len(runner.asked) == tuning.expected_trials("adam", studies.validated(content)) == 26


def test_the_summary_names_the_best_setting_and_a_border() -> None:
    choice = Choice((Setting(0.01, {"momentum": 0.9}),), 0.5, 1.0, 16, "high", True)
    assert tuning.summary("nesterov", "digits", choice) == (
        "nesterov on digits: learning rate 0.01, momentum 0.9 is the best of 16 settings (validation accuracy 50.0%; "
        "the range was widened once (high); still on the border of the range)"
    )


def test_a_regression_is_searched_by_its_loss() -> None:
    _, choice, _ = search(lambda setting: (None, hill(0.003)(setting)[1] + 0.5), measure="loss")
    assert choice.survivors[0].learning_rate == pytest.approx(0.003, rel=0.5)
    assert choice.validation_accuracy is None
    assert choice.validation_loss == pytest.approx(hill(0.003)(choice.survivors[0])[1] + 0.5)
    found = tuning.summary("adam", "digits", replace(choice, validation_loss=0.5), "loss")
    assert found.endswith("is the best of 12 settings (validation loss 0.5)")


# --- with the memo ----------------------------------------------------------------------------------------


def remembered(chosen: Settings, trials: Sequence[Trial], landscape: Callable[[Setting], tuple[float, float]]) -> None:
    """Put the trainings of trials into the memo of the current folder, as if they had been done."""
    for trial in trials:
        asked = tuning.planned("adagrad", chosen, trial, "d" * 64)
        accuracy, loss = landscape(trial.setting)
        outcome = studies.outcome(accuracy, loss=loss, key=key_of(asked, code_fingerprint()))
        memo.keep(paths.memo(), replace(outcome, training=asked))


@pytest.mark.parametrize("number", [3, 12])
def test_a_point_with_the_values_of_the_default_setting_is_one_training_and_two_trials(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # where the best point lies on the border, number 12 is a point beyond it, asked for when the default is finished
    landscape = hill(1000 if number == 12 else 0.03)
    _, _, asked = search(landscape, "adagrad", points_beyond=1)
    (equal,) = (trial.setting for trial in asked if trial.number == number)
    chosen = settings("adagrad", default=equal.learning_rate, points_beyond=1)

    monkeypatch.chdir(tmp_path)
    points = [trial for trial in asked if trial.number is not None]
    remembered(chosen, points, landscape)
    heard: list[float] = []
    totals: list[int] = []
    outcomes, choices = tuning.trained(
        "adagrad",
        chosen,
        ExecutionSettings(workers=1),
        {"digits": "d" * 64},
        lambda outcome, fresh: heard.append(outcome.training.learning_rate),
        totals.append,
    )
    assert sorted(heard) == sorted(trial.setting.learning_rate for trial in points)
    assert totals[-1] == len(points)
    assert [outcome.training.learning_rate for outcome in outcomes["digits"]].count(equal.learning_rate) == 2
    assert (len(outcomes["digits"]), choices["digits"].trials) == (len(points) + 1, len(points))
