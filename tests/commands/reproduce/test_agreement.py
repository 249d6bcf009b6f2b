"""Bit-identical, statistically consistent or different: on made-up rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.commands.reproduce.agreement import is_identical, judge
from pipeline.commands.reproduce.recorded import FIGURES, Row
from pipeline.running.outputs import Setting

SPREAD = np.random.default_rng(3).normal(0, 0.005, (2, 10))


def row(seed: int = 51, accuracy: float = 0.6, optimizer: str = "adam", **changes: object) -> Row:
    figures: dict[str, float | None] = {**dict.fromkeys(FIGURES, 0.5), "test_accuracy": accuracy}
    others = tuple(0.6 + SPREAD[0])
    whole = Row(
        "cifar10", optimizer, optimizer.title(), seed, Setting(0.1), "accuracy", "k", figures, False, "ab", others
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def pairs(seeds: int, shift: float, optimizer: str = "adam") -> list[tuple[Row, Row]]:
    """Recorded seeds and the same here, with another luck, and shifted."""
    return [
        (row(51 + n, 0.6 + SPREAD[0, n], optimizer), row(51 + n, 0.6 + SPREAD[1, n] + shift, optimizer))
        for n in range(seeds)
    ]


def test_the_same_until_a_digit_or_the_weights_differ() -> None:
    assert is_identical(row(), row())
    assert not is_identical(row(), row(weights="ac"))
    assert not is_identical(row(), row(accuracy=0.600001))
    assert not is_identical(row(), row(diverged=True))
    # older results hold no weights
    assert is_identical(row(weights=None), row())


def test_all_identical() -> None:
    found = judge("cifar10", [(row(), row())])
    assert found.identical
    assert not found.different
    assert found.sentence == (
        "cifar10: bit-identical: of 1 training every figure of results/runs.csv, and its weights, byte for byte."
    )
    assert "no weights were recorded" in judge("cifar10", [(row(weights=None), row())]).sentence


@pytest.mark.parametrize(("seeds", "test"), [(10, "max-T, 10 seeds of 2"), (6, "max-T, 6"), (1, "Student's t against")])
def test_another_luck_is_consistent(seeds: int, test: str) -> None:
    found = judge("cifar10", pairs(seeds, 0.0) + pairs(seeds, 0.0, "muon"))
    assert (found.identical, found.different) == (False, False)
    assert found.sentence.startswith("cifar10: statistically consistent: 0 of ")
    assert test in found.sentence


@pytest.mark.parametrize("seeds", [10, 6, 2, 1])
def test_a_shift_is_a_difference_and_names_the_optimizer(seeds: int) -> None:
    found = judge("cifar10", pairs(seeds, 0.0) + pairs(seeds, -0.05, "muon"))
    assert found.different
    assert "different: Muon 5" in found.sentence
    assert "Adam" not in found.sentence


def test_a_divergence_on_one_side_alone_is_a_difference() -> None:
    found = judge("cifar10", [(row(), row(diverged=True))])
    assert found.different
    assert "Adam diverged in one of the two alone" in found.sentence


def test_what_diverged_on_both_sides_is_not_compared() -> None:
    lost = (row(optimizer="sgd", diverged=True), row(optimizer="sgd", diverged=True, weights=None))
    assert not judge("cifar10", [lost, *pairs(6, 0.0)]).different
