from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks import tuning_luck
from benchmarks.tuning_luck import Law, Protocol
from tests.conftest import ROOT

LAW = Law(seed_sd=0.7, run_sd=1.0, test_sd=0.1, validation_sd=0.6, fall=20.0)
PROTOCOL = Protocol(optimizers=4)


def test_spreads_are_those_of_the_recorded_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    law = tuning_luck.recorded_law("cifar10")
    scores = json.loads((ROOT / "results/metrics.json").read_text())["problems"]["cifar10"]
    # AdamW without weight decay is Adam: it counts once
    seeds = np.array([100 * np.array(scores[name]["test_accuracy"]["seeds"]) for name in scores if name != "adamw"])
    whole = law.seed_sd**2 + law.run_sd**2 + law.test_sd**2
    assert whole == pytest.approx(seeds.var(axis=1, ddof=1).mean())
    assert law.fall > 0


def test_simulated_studies_have_the_spread_that_was_put_in() -> None:
    flat = replace(LAW, fall=0.0)
    own = tuning_luck.differences(flat, replace(PROTOCOL, survivors=1), 2_000, 1)
    assert own.shape == (2_000, 10, 3)
    # the effect of the seed cancels in pairs
    assert own.var() == pytest.approx(2 * (1.0**2 + 0.1**2), rel=0.03)
    assert tuning_luck._luck(own) < 0.1


def test_the_luck_of_tuning_makes_false_alarms_and_survivors_and_the_margin_lower_them() -> None:
    def alarms(law: Law, survivors: int) -> dict[str, float]:
        own = tuning_luck.differences(law, replace(PROTOCOL, survivors=survivors), 300, 1)
        found = tuning_luck.false_alarms(own, 0.5)
        return {name: figures["share"] for name, figures in found.items()}

    three, one, none = alarms(LAW, 3), alarms(LAW, 1), alarms(replace(LAW, fall=0.0), 1)
    assert none["any_difference"] <= 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5
    assert none["any_difference"] < three["any_difference"] < one["any_difference"]
    assert three["any_better_beyond_margin"] <= three["any_beyond_margin"] < three["any_difference"]


def test_power_rises_with_the_advantage() -> None:
    own = tuning_luck.differences(LAW, PROTOCOL, 100, 1)
    found = [tuning_luck.power(own, advantage, 0.5) for advantage in (0.0, 2.0, 8.0)]
    assert found[0]["better"] < found[1]["better"] < found[2]["better"] == 1.0
    assert all(power["better_beyond_margin"] <= power["better"] for power in found)


def test_the_command_writes_its_figures_twice_the_same(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(ROOT)
    app = tuning_luck.typer.Typer()
    app.command()(tuning_luck.main)
    usual = ["--problems", "visual_words", "--studies", "100", "--optimizers", "3", "--seeds", "6"]
    for name in ("a", "b"):
        assert CliRunner().invoke(app, [*usual, "--output", str(tmp_path / name)]).exit_code == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert list(json.loads((tmp_path / "a").read_text())["problems"]) == ["visual_words"]
