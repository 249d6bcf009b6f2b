from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from pipeline import cost
from pipeline.cost import Measurement, Timing, TimingTask
from pipeline.data import preparing
from pipeline.data.problems import digits
from pipeline.project import paths
from pipeline.project.errors import SettingsError
from pipeline.results.cost import Cost, Ratio
from pipeline.training.record import OptimizerRow
from stages import cost as stage

PARAMS = Path(__file__).parents[1] / "params.yaml"
QUICK = {"network": "digits_cnn", "shape": (8, 8, 1), "classes": 10, "batch_size": 8, "rounds": 7, "steps": 2}


def row(kind: str, **arguments: object) -> tuple[OptimizerRow, float]:
    return OptimizerRow(kind, arguments), 0.001


MUON = (OptimizerRow("Muon", {}, OptimizerRow("AdamW")), 0.001)


def timing(steps: list[float], optimizer_steps: list[float]) -> Timing:
    return Timing(np.array(steps), np.array(optimizer_steps), 8.0)


def test_ratios_are_taken_within_a_round_so_that_a_slow_spell_cancels():
    spell = np.array([1.0, 5.0, 1.0, 1.0, 20.0, 1.0, 3.0, 1.0, 1.0])
    baseline = Timing(spell * 1e-3, spell * 1e-4, 0.0)
    found = cost.relative(Measurement(baseline, {"x": Timing(spell * 2e-3, spell * 5e-4, 8.0)})).optimizers["x"]
    assert found.step_ratio == Ratio(median=2.0, low=2.0, high=2.0)
    assert found.optimizer_ratio == Ratio(median=5.0, low=5.0, high=5.0)
    assert found.rounds == (2.0,) * 9
    assert found.microseconds_per_step == 2000
    assert found.microseconds_optimizer == 500
    assert found.state_bytes_per_parameter == 8.0


def test_the_interval_is_that_of_the_order_statistics():
    # n = 20: the 6th and the 15th value, 95.9 % (Conover 1999, table of the sign test)
    values = [float(value) for value in np.random.default_rng(0).permutation(np.arange(1, 21))]
    found = cost.relative(Measurement(timing([1.0] * 20, [1.0] * 20), {"x": timing(values, values)})).optimizers
    assert found["x"].step_ratio == Ratio(median=10.5, low=6.0, high=15.0)


def test_too_few_rounds_give_no_interval_and_no_nan(tmp_path):
    found = cost.relative(Measurement(timing([1.0] * 3, [1.0] * 3), {"x": timing([2.0] * 3, [2.0] * 3)}))
    assert found.optimizers["x"].step_ratio == Ratio(median=2.0, low=None, high=None)
    found.write(tmp_path / "cost.json")
    assert Cost.read(tmp_path / "cost.json") == found


def test_state_is_counted_in_bytes_per_parameter():
    rows = {
        "sgd": row("SGD"),
        "momentum": row("SGD", momentum=0.9),
        "adam": row("Adam"),
        "amsgrad": row("Adam", amsgrad=True),
        "muon": MUON,
    }
    found = cost.measure(TimingTask(**QUICK, rows=rows)).optimizers
    bytes_of = {name: timing.state_bytes_per_parameter for name, timing in found.items()}
    assert bytes_of["sgd"] == 0
    assert bytes_of["momentum"] == 4
    # a float32 for each moment, and one step counter for all parameters
    assert bytes_of["adam"] == pytest.approx(8, abs=0.001)
    assert bytes_of["amsgrad"] == pytest.approx(12, abs=0.001)
    # digits_cnn: 9,280 hidden weights with one moment, 80 + 64 + 650 others with two
    hidden, others = 9 * 16 * 64, 16 * 4 + 16 + 64 + 64 * 10 + 10
    step_counters = 4 * 5
    assert bytes_of["muon"] == pytest.approx((4 * hidden + 8 * others + step_counters) / (hidden + others), abs=1e-6)


def test_every_round_is_timed_and_an_update_is_part_of_its_step():
    found = cost.measure(TimingTask(**QUICK, rows={"adam": row("Adam")}))
    for timing in (found.baseline, found.optimizers["adam"]):
        assert timing.steps.shape == timing.optimizer_steps.shape == (7,)
        assert (timing.optimizer_steps > 0).all()
        assert (timing.optimizer_steps < timing.steps).all()


def test_more_work_is_measured_as_more():
    rows = {"sgd": row("SGD"), "muon": MUON}
    found = cost.relative(cost.measure(TimingTask(**{**QUICK, "rounds": 9, "steps": 5}, rows=rows))).optimizers
    # medians: on a busy machine, a single round of either may take many times as long
    assert found["muon"].optimizer_ratio.median > 2 * found["sgd"].optimizer_ratio.median


def test_a_wrong_row_is_named():
    with pytest.raises(SettingsError, match=r"optimizers\.mine\.class: 'Adm' .* did you mean 'Adam'"):
        cost.measure(TimingTask(**QUICK, rows={"mine": row("Adm")}))


def test_the_stage_times_every_row_on_the_main_problem(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = yaml.safe_load(PARAMS.read_text())
    content["problems"] = {"digits": content["problems"]["digits"]}
    content["optimizers"] = {name: content["optimizers"][name] for name in ("sgd", "adam")}
    paths.PARAMS.write_text(yaml.safe_dump(content, sort_keys=False))
    preparing.prepare(digits, digits.tiny(), 0.2, 0, paths.learning("digits"), paths.test("digits"))
    stage.main()
    found = Cost.read().optimizers
    assert list(found) == ["sgd", "adam"]
    assert len(found["adam"].rounds) == cost.ROUNDS >= 15
    assert found["adam"].step_ratio.low <= found["adam"].step_ratio.median
