from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline import cost
from pipeline.cost import Measurement, Timing, TimingTask
from pipeline.project import paths
from pipeline.project.errors import SettingsError
from pipeline.results.cost import Cost, Ratio, StepTime
from pipeline.training.record import OptimizerRow
from stages import cost as stage
from tests import studies, yaml_text

QUICK = {"network": "digits_cnn", "shape": (8, 8, 1), "classes": 10, "batch_size": 8, "rounds": 7, "steps": 2}


def row(kind: str, **arguments: object) -> tuple[OptimizerRow, float]:
    return OptimizerRow(kind, arguments), 0.001


MUON = (OptimizerRow("Muon", {}, OptimizerRow("AdamW")), 0.001)


def timing(steps: list[float], optimizer_steps: list[float]) -> Timing:
    return Timing(np.array(steps), np.array(optimizer_steps), 8.0)


def relative(measured: Measurement) -> Cost:
    return cost.relative(measured, {})


def test_ratios_are_taken_within_a_round_so_that_a_slow_spell_cancels():
    spell = np.array([1.0, 5.0, 1.0, 1.0, 20.0, 1.0, 3.0, 1.0, 1.0])
    baseline = Timing(spell * 1e-3, spell * 1e-4, 0.0)
    found = relative(Measurement(baseline, {"x": Timing(spell * 2e-3, spell * 5e-4, 8.0)})).optimizers["x"]
    assert found.step_ratio == Ratio(median=2.0, low=2.0, high=2.0)
    assert found.optimizer_ratio == Ratio(median=5.0, low=5.0, high=5.0)
    assert found.rounds == (2.0,) * 9
    assert found.microseconds_per_step == 2000
    assert found.microseconds_optimizer == 500
    assert found.state_bytes_per_parameter == 8.0


def test_the_interval_is_that_of_the_order_statistics():
    # n = 20: the 6th and the 15th value, 95.9 % (Conover 1999, table of the sign test)
    values = [float(value) for value in np.random.default_rng(0).permutation(np.arange(1, 21))]
    found = relative(Measurement(timing([1.0] * 20, [1.0] * 20), {"x": timing(values, values)})).optimizers
    assert found["x"].step_ratio == Ratio(median=10.5, low=6.0, high=15.0)


def test_too_few_rounds_give_no_interval_and_no_nan(tmp_path):
    found = relative(Measurement(timing([1.0] * 3, [1.0] * 3), {"x": timing([2.0] * 3, [2.0] * 3)}))
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
    found = relative(cost.measure(TimingTask(**{**QUICK, "rounds": 9, "steps": 5}, rows=rows))).optimizers
    # medians: on a busy machine, a single round of either may take many times as long
    assert found["muon"].optimizer_ratio.median > 2 * found["sgd"].optimizer_ratio.median


def test_a_wrong_row_is_named():
    with pytest.raises(SettingsError, match=r"optimizers\.mine\.class: 'Adm' .* did you mean 'Adam'"):
        cost.measure(TimingTask(**QUICK, rows={"mine": row("Adm")}))


def test_the_time_of_a_step_is_plain_sgds_times_the_ratio_of_equal_rounds():
    spell = np.array([1.0, 5.0, 1.0, 1.0, 20.0, 1.0, 3.0, 1.0, 1.0])
    baseline = Timing(spell * 1e-3, spell * 1e-4, 0.0)
    slower = Timing(spell * 2e-3, spell * 5e-4, 8.0)
    # a disturbance of its own in two rounds
    disturbed = Timing(np.where([True, False, False, True, *[False] * 5], 9e-3, spell * 3e-3), spell, 8.0)
    measured = Measurement(baseline, {"x": slower, "y": disturbed})
    found = cost.relative(measured, {"one": measured, "same": measured, "other": Measurement(slower, {"x": slower})})
    assert list(found.time_per_step) == ["one", "same", "other"]
    assert found.time_per_step["one"] == found.time_per_step["same"]
    assert found.time_per_step["one"]["x"] == StepTime(microseconds=2000, ratio=Ratio(median=2.0, low=2.0, high=2.0))
    assert found.time_per_step["one"]["y"].microseconds == 3000
    assert found.time_per_step["other"]["x"].microseconds == 2000
    assert found.time_per_step["other"]["x"].ratio.median == 1.0


@pytest.fixture
def params(tmp_path, monkeypatch):
    """A study of the digits and, with the same steps, for longer; with another batch size; and of a linear model."""
    monkeypatch.chdir(tmp_path)
    content = studies.params()
    digits = {**content["problems"]["digits"], "demo": False, "data": "digits", "optimizers": ["sgd", "nesterov"]}
    content["problems"] = {
        "digits": digits,
        "longer": {**digits, "epochs": 3, "schedule": "constant", "optimizers": ["muon"]},
        "small": {**digits, "batch_size": 4, "optimizers": ["adam"]},
        "linear": {**digits, "network": "linear"},
        "elsewhere": {**digits, "batch_size": 5, "demo": True},
    }
    content["optimizers"] = {name: content["optimizers"][name] for name in ("sgd", "nesterov", "adam", "muon")}
    studies.prepare_digits()
    return content


def test_problems_of_equal_steps_are_one_task(params):
    tasks = cost.timing_tasks(studies.validated(params))
    assert [task.problems for task in tasks] == [("digits", "longer"), ("small",), ("linear",)]
    assert [list(task.rows) for task in tasks] == [["sgd", "nesterov", "muon"], ["adam"], ["sgd", "nesterov"]]
    assert [(task.network, task.batch_size) for task in tasks] == [
        ("digits_cnn", 32),
        ("digits_cnn", 4),
        ("linear", 32),
    ]
    # in the middle of what is searched
    row, rate = tasks[0].rows["nesterov"]
    assert rate == 0.0316
    assert row.arguments == {"nesterov": True, "momentum": pytest.approx(1 - 0.0775, abs=1e-4)}


def test_the_stage_times_every_problem_of_the_study(params):
    paths.PARAMS.write_text(yaml_text.dump(params))
    stage.main()
    found = Cost.read()
    assert list(found.optimizers) == ["sgd", "nesterov", "muon"]
    assert len(found.optimizers["sgd"].rounds) == cost.ROUNDS >= 15
    assert found.optimizers["sgd"].step_ratio.low <= found.optimizers["sgd"].step_ratio.median
    assert list(found.time_per_step) == ["digits", "longer", "small", "linear"]
    assert found.time_per_step["digits"] == found.time_per_step["longer"]
    assert found.time_per_step["digits"]["sgd"].ratio == found.optimizers["sgd"].step_ratio
    # timed for itself: it has an eighth of the images
    assert found.time_per_step["small"] != found.time_per_step["digits"]


def test_an_experiment_times_only_the_optimizers_that_it_adds(tmp_path):
    sgd, adam = row("SGD"), row("Adam")
    task = TimingTask(**QUICK, rows={"sgd": sgd}, identities={"sgd": "a"}, problems=("digits",))
    assert cost.untimed(tmp_path, task).rows == {"sgd": sgd}
    first = cost.completed(
        tmp_path, task, Measurement(timing([2.0] * 7, [1.0] * 7), {"sgd": timing([2.1] * 7, [1.1] * 7)})
    )
    assert not cost.untimed(tmp_path, task).rows

    more = replace(task, rows={"sgd": sgd, "adam": adam}, identities={"sgd": "a", "adam": "b"}, problems=("other",))
    assert cost.untimed(tmp_path, more).rows == {"adam": adam}
    # the machine is three times as slow now
    new = Measurement(timing([6.0] * 7, [3.0] * 7), {"adam": timing([9.0] * 7, [6.0] * 7)})
    both = relative(cost.completed(tmp_path, more, new)).optimizers
    assert both["sgd"] == relative(first).optimizers["sgd"]
    assert both["adam"].step_ratio.median == 1.5
    assert both["adam"].microseconds_per_step == 3e6
    # and again from what is kept, bit for bit
    assert relative(cost.completed(tmp_path, more, None)).optimizers == both


def test_the_values_that_a_search_varies_do_not_count_as_another_step(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    studies.prepare_digits()
    content = studies.params()
    content["problems"] = {"digits": {**content["problems"]["digits"], "demo": False}}
    content["optimizers"] = {name: content["optimizers"][name] for name in ("sgd", "nesterov", "adam")}
    (before,) = cost.timing_tasks(studies.validated(content))
    content["optimizers"]["nesterov"]["search"]["momentum"] = {"one_minus_log_uniform": [0.01, 0.1]}
    content["problems"]["digits"]["epochs"] = 7
    (after,) = cost.timing_tasks(studies.validated(content))
    assert after.identities == before.identities
    content["optimizers"]["nesterov"]["arguments"]["nesterov"] = False
    (other,) = cost.timing_tasks(studies.validated(content))
    assert {name for name in before.identities if before.identities[name] != other.identities[name]} == {"nesterov"}
