"""Made-up outcomes, and a tiny real study of the handwritten digits in a folder of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipeline.data import preparing, problems
from pipeline.prepared import reader
from pipeline.project import paths
from pipeline.running import outputs
from pipeline.running.key import key_of
from pipeline.running.planning import plan
from pipeline.settings import loading, study
from pipeline.training.record import OptimizerRow, Outcome, Point, Training
from pipeline.running.outputs import Choice

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).parent.parent


def params() -> dict[str, Any]:
    """The project's own params.yaml, as plain values to be changed."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    return content


def settings(**problem_rows: dict[str, Any]) -> study.Settings:
    """Settings of two optimizers and two seeds on the problems given (the digits if none is)."""
    content = params()
    digits = {**content["problems"]["digits"], "data": "digits", "epochs": 1, "demo": False}
    content["problems"] = {name: {**digits, **row} for name, row in problem_rows.items()} or {"digits": digits}
    content["training"] = {"first_seed": 1, "seeds": 2}
    content["optimizers"] = {name: content["optimizers"][name] for name in ("sgd", "muon")}
    content["comparison"]["baseline"] = "sgd"
    return validated(content)


def validated(content: dict[str, Any]) -> study.Settings:
    return loading.validate(content, "params.yaml")


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
    return Outcome(asked, key or key_of(asked, "code"), history, diverged_at, {"Adam": 10}, 1.5, weights)


def diverged(at: int = 3, **changes: Any) -> Outcome:
    """A training whose loss was not finite in its first epoch, after which it was broken off."""
    history = (Point(5, 250, None, None), Point(10, 500, None, None, None, 0.0))
    return replace(outcome(**changes), history=history, diverged_at=at)


def prepare_digits() -> None:
    """Prepare a sixth of the digits in the current folder."""
    dataset = problems.by_name("digits")
    preparing.prepare(dataset, dataset.tiny(), 0.2, 0, paths.learning("digits"), paths.test("digits"))


def run_digits(chosen: study.Settings) -> list[Outcome]:
    """Tune (two learning rates each) and train on the digits in the current folder; return everything."""
    from pipeline.training.train import train

    prepare_digits()
    digest = reader.describe(paths.learning("digits")).digest
    everything: list[Outcome] = []
    for name, row in chosen.optimizers.items():

        def go(kind: Any, rate: float, seed: int, name: str = name) -> Outcome:
            asked = plan(kind, chosen, name, "digits", learning_rate=rate, seed=seed, data=digest)
            return train(asked, paths.learning("digits"), key_of(asked, "code"))

        centre = row.learning_rate_centre
        trials = [replace(go("tune", rate, chosen.tuning.seed), weights=None) for rate in (centre / 10, centre)]
        choice = Choice(centre, trials[1].validation_accuracy, len(trials), on_edge=True)
        outputs.write_search(name, {"digits": trials}, {"digits": choice})
        finals = [go("train", choice.learning_rate, seed) for seed in chosen.seeds("digits")]
        outputs.write_trainings(name, finals)
        everything += [*trials, *finals]
    return everything
