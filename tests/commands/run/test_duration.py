"""From seconds of a step to minutes of a study."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.commands.run.duration import Duration, about, by_stage, estimate, with_starts
from pipeline.commands.run.flow import Flow
from pipeline.commands.run.remaining import Remaining
from pipeline.prepared import reader
from pipeline.prepared.reader import Description
from pipeline.project import paths
from pipeline.settings.study import ProblemSettings
from tests import studies, yaml_text

ROW = ProblemSettings(network="linear", epochs=4, batch_size=10, validations_per_epoch=0.5)
DATA = Description(
    title="Made up",
    description="Nothing.",
    shape=(8,),
    classes=("a", "b"),
    counts={"train": 105, "validation": 30, "test": 60},
    validation_fraction=0.2,
    split_seed=0,
    white=0,
    mean=(0.0,),
    std=(1.0,),
    digest="d" * 64,
)
# ten whole batches an epoch, and two validations, whose answers cost a third of a step
OF_A_TRAINING = 4 * 100 + 2 * 30 / 3


def seconds(stage: str, trainings: int, workers: int = 1) -> dict[str, float]:
    work = [Remaining(stage, "made_up", "adam", trainings)]
    # 10 seconds a step: 1 second an example
    return by_stage({"made_up": ROW}, {"made_up": DATA}, work, {("made_up", "adam"): 10.0}, workers)


def test_trainings_take_their_steps_and_validations() -> None:
    assert seconds("tune@adam", 1) == pytest.approx({"tune@adam": OF_A_TRAINING})
    assert seconds("tune@adam", 6, workers=2) == pytest.approx({"tune@adam": 3 * OF_A_TRAINING})


def test_networks_of_final_trainings_are_looked_at_once_more() -> None:
    # on the test examples, and as many training examples as are sampled
    assert seconds("train@adam", 2) == pytest.approx({"train@adam": 2 * OF_A_TRAINING, "evaluate": 2 * 165 / 3})


def test_problems_and_optimizers_add_up() -> None:
    work = [Remaining("tune@adam", name, "adam", 1) for name in ("one", "other")]
    rows, data = dict.fromkeys(("one", "other"), ROW), dict.fromkeys(("one", "other"), DATA)
    found = by_stage(rows, data, work, {("one", "adam"): 10.0, ("other", "adam"): 20.0}, 1)
    assert found == pytest.approx({"tune@adam": 3 * OF_A_TRAINING})


def test_every_stage_that_runs_takes_a_little_and_no_other() -> None:
    flow = Flow(("prepare@digits", "tune@adam", "compare"), frozenset({"tune@adam", "compare"}))
    found = with_starts({"tune@adam": 100.0}, flow, 3.0)
    assert set(found) == {"tune@adam", "compare"}
    assert 100 < found["tune@adam"] < 110
    assert found["compare"] > 0


def test_it_is_said_in_minutes() -> None:
    assert [about(value) for value in (10, 50, 2400)] == ["less than a minute", "about 1 minute", "about 40 minutes"]
    assert str(Duration({"a": 2000.0, "b": 400.0}, 1320, 2)) == (
        "1,320 trainings to do here: about 40 minutes with 2 workers."
    )
    assert str(Duration({"report": 5.0})) == "All trainings are done; the rest takes less than a minute."


def test_an_estimate_is_made_from_steps_measured_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = studies.params()
    content["problems"] = {"digits": {**content["problems"]["digits"], "demo": False}}
    content["optimizers"] = {name: content["optimizers"][name] for name in ("sgd", "adam")}
    content["execution"]["workers"] = 1
    Path("params.yaml").write_text(yaml_text.dump(content), encoding="utf-8")
    studies.prepare_digits()
    assert reader.describe(paths.learning("digits")).counts["train"] > 100
    stages = ("tune@sgd", "tune@adam", "train@sgd", "train@adam", "evaluate", "report")
    found = estimate(tmp_path / ".memo", Flow(stages, frozenset(stages)), time.time())
    assert set(found.seconds) == set(stages)
    survivors, seeds = content["tuning"]["survivors"], content["training"]["seeds"]
    # twelve points each, Adam's default setting (SGD has none), and what survives with every seed
    assert found.trainings == 2 * content["tuning"]["points"] + 1 + 2 * survivors * seeds
    assert found.seconds["train@adam"] > found.seconds["tune@adam"] > 0
    assert estimate(tmp_path / ".memo", replace(Flow(stages), stale=frozenset({"report"})), time.time()).trainings == 0
