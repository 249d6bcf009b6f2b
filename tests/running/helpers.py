"""Trainings of the digits, and what a run of them gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.running import trainings
from pipeline.training.record import OptimizerRow, Outcome, Training

if TYPE_CHECKING:
    from pathlib import Path

ADAM = OptimizerRow("Adam")
SGD = OptimizerRow("SGD")
MUON = OptimizerRow("Muon", {}, OptimizerRow("AdamW"))


def task(**changes: Any) -> Training:
    return replace(Training("train", "digits", "adam", "digits_cnn", ADAM, 0.001, 1, 32, 1, 1, "0" * 64), **changes)


def short() -> list[Training]:
    return [
        task(seed=1),
        task(seed=2, kind="tune"),
        task(optimizer="muon", row=MUON),
        task(optimizer="sgd", row=SGD, learning_rate=1e20),
    ]


def run(wanted: list[Training], learning: Path, memo: Path, workers: int = 1) -> tuple[list[Outcome], dict[str, bool]]:
    """Return the outcomes, and which of them were fresh."""
    fresh: dict[str, bool] = {}

    def heard(outcome: Outcome, is_fresh: bool) -> None:
        assert outcome.key not in fresh, "told twice"
        fresh[outcome.key] = is_fresh

    return trainings.run(wanted, lambda _: learning, workers, memo, heard), fresh


def content(outcomes: list[Outcome]) -> list[tuple[dict[str, Any], dict[str, bytes]]]:
    return [(o.to_json(), {n: a.tobytes() for n, a in (o.weights or {}).items()}) for o in outcomes]
