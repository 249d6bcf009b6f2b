"""Made-up outcomes, and a tiny real study of the handwritten digits in a folder of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.data import preparing, problems
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.running import outputs
from pipeline.running.key import key_of
from pipeline.running.outputs import Choice, Setting
from pipeline.running.planning import central_setting, optimizer_row, plan, with_searched
from pipeline.settings import loading, study
from pipeline.settings.spaces import values_at
from pipeline.training.record import OptimizerRow, Outcome, Point, Training
from tests import yaml_text

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).parent.parent


def params() -> dict[str, Any]:
    """The project's own params.yaml, as plain values to be changed; without margins of problems that tests replace."""
    content: dict[str, Any] = yaml_text.load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    content["comparison"]["problem_margins"] = {}
    return content


def settings(**problem_rows: dict[str, Any]) -> study.Settings:
    """Settings of two optimizers and two seeds on the problems given (the digits if none is)."""
    return validated(small_params(**problem_rows))


def small_params(**problem_rows: dict[str, Any]) -> dict[str, Any]:
    """What `settings` validates, as plain values."""
    content = params()
    digits = {**content["problems"]["digits"], "data": "digits", "epochs": 1, "demo": False}
    content["problems"] = {name: {**digits, **row} for name, row in problem_rows.items()} or {"digits": digits}
    content["training"] = {"first_seed": 1, "seeds": 2}
    content["optimizers"] = {name: content["optimizers"][name] for name in ("sgd", "muon")}
    content["comparison"]["baseline"] = "sgd"
    return content


def validated(content: dict[str, Any]) -> study.Settings:
    return loading.validate(content, "params.yaml")


def central_rows() -> dict[str, dict[str, Any]]:
    """The project's optimizers as plain values, with what is searched put in: the middle of its range."""
    rows = validated(params()).optimizers
    settings = {name: central_setting(row) for name, row in rows.items()}
    return {
        name: {
            "class": row.class_name,
            "learning_rate": settings[name].learning_rate,
            "arguments": with_searched(optimizer_row(row), settings[name]).arguments,
            "rest": row.rest and row.rest.model_dump(by_alias=True),
        }
        for name, row in rows.items()
    }


def training(**changes: Any) -> Training:
    row = OptimizerRow("Adam", {"amsgrad": True})
    whole = Training("train", "digits", "adam", "digits_cnn", row, 0.001, 2, 50, 1, 1, "d" * 64)
    return replace(whole, **changes)


def outcome(
    accuracy: float | None = 0.8,
    *,
    key: str = "",
    diverged_at: int | None = None,
    loss: float | None = 0.5,
    weights: dict[str, np.ndarray] | None = None,
    **changes: Any,
) -> Outcome:
    """A training of two epochs of ten steps, looked at in the middle and at the end of each."""
    asked = training(**changes)
    history = (
        Point(5, 250, 2.0, 0.1),
        Point(10, 500, 1.5, 0.1, 1.4, 0.5),
        Point(15, 750, 1.0, 0.1),
        Point(20, 1000, 0.5, 0.1, loss, accuracy),
    )
    key = key or key_of(asked, "code")
    return Outcome(asked, key, history, diverged_at, {"Adam": 10}, 1.5, weights, steps_per_epoch=10)


def diverged(at: int = 3, **changes: Any) -> Outcome:
    """A training whose loss was not finite in its first epoch, after which it was broken off."""
    history = (Point(5, 250, None, None), Point(10, 500, None, None, None, 0.0))
    return replace(outcome(**changes), history=history, diverged_at=at)


def choice(*survivors: Setting, accuracy: float | None = 0.8, loss: float | None = 0.5, **changes: Any) -> Choice:
    """The result of a search of five settings."""
    return replace(Choice(survivors, accuracy, loss, trials=5, widened=None, on_edge=False), **changes)


def prepare_digits() -> None:
    """Prepare a sixth of the digits in the current folder."""
    dataset = problems.by_name("digits")
    preparing.prepare(dataset, dataset.tiny(), 0.2, 0, paths.learning("digits"), paths.test("digits"))


def run_digits(chosen: study.Settings) -> list[Outcome]:
    """Search and train every problem of the settings, all of the digits, in the current folder; return everything.

    Each search has the default setting, where the row has one, and three points, of which two survive.
    """
    prepare_digits()
    everything: list[Outcome] = []
    for name in chosen.optimizers:
        trials: dict[str, list[Outcome]] = {}
        choices: dict[str, Choice] = {}
        for problem in chosen.searched_problems_of(name):
            trials[problem], choices[problem] = _search(chosen, name, problem)
        outputs.write_search(name, trials, choices)
        finals = [
            _trained(chosen, name, problem, "train", setting, seed)
            for problem in chosen.problems_of(name)
            for setting in _survivors(chosen, name, problem, choices)
            for seed in chosen.seeds(problem)
        ]
        outputs.write_trainings(name, finals)
        everything += [*(trial for some in trials.values() for trial in some), *finals]
    return everything


def _search(chosen: study.Settings, name: str, problem: str) -> tuple[list[Outcome], Choice]:
    row = chosen.optimizers[name]
    points = [[place, *[1 - place] * 15] for place in (0.2, 0.6, 0.9)]
    values = [values_at(row.search, point) for point in points]
    settings = [Setting(found.pop("learning_rate"), found) for found in values]
    asked = [Setting(row.default_learning_rate)] * (row.default_learning_rate is not None) + settings
    trials = [_trained(chosen, name, problem, "tune", setting, chosen.tuning.seed) for setting in asked]
    ranked = sorted(zip(settings, trials[-3:], strict=True), key=lambda pair: -pair[1].validation_accuracy)
    best = ranked[0][1]
    survivors = tuple(setting for setting, _ in ranked[:2])
    found = choice(*survivors, accuracy=best.validation_accuracy, loss=best.last.validation_loss, trials=3)
    return [replace(trial, weights=None) for trial in trials], found


def _survivors(chosen: study.Settings, name: str, problem: str, choices: dict[str, Choice]) -> tuple[Setting, ...]:
    row = chosen.problems[problem]
    if row.untuned:
        return (Setting(chosen.optimizers[name].default_learning_rate or 0),)
    return choices[row.tuned_on or problem].survivors


def _trained(chosen: study.Settings, name: str, problem: str, kind: Any, setting: Setting, seed: int) -> Outcome:
    from pipeline.training.train import train

    digest = reader.describe(paths.learning("digits")).digest
    asked = plan(kind, chosen, name, problem, setting=setting, seed=seed, data=digest)
    return train(asked, paths.learning("digits"), key_of(asked, "code"))
