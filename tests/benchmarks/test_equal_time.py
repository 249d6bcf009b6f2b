from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from benchmarks import equal_time
from pipeline.data import preparing, problems
from pipeline.project import paths
from pipeline.project.errors import UserError
from pipeline.results import tables
from pipeline.results.metrics import Metrics, SettingRecord
from tests import yaml_text
from tests.comparison.claims.made_up_study import entry, timed
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = (1, 2)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three epochs of digits, of which two are Adam's time where a step of SGD takes 1.4 times as long as Adam's."""
    monkeypatch.chdir(tmp_path)
    params = yaml_text.load((ROOT / "params.yaml").read_text())
    params["problems"]["digits"] |= {"epochs": 3, "optimizers": ["sgd", "adam"]}
    params["training"] = {"first_seed": SEEDS[0], "seeds": len(SEEDS)}
    params["execution"]["workers"] = 1
    (tmp_path / "params.yaml").write_text(yaml_text.dump(params))
    dataset = problems.by_name("digits")
    preparing.prepare(dataset, dataset.load(tmp_path), 0.2, 0, paths.learning("digits"), paths.test("digits"))
    own = entry(0)
    settings = tuple(SettingRecord(learning_rate=rate, arguments={"momentum": 0.9}) for rate in (1e-9, 0.01))
    search = own.search.model_copy(update={"survivors": settings})
    Metrics(problems={"digits": {"sgd": own.model_copy(update={"search": search}), "adam": own}}).write()
    cost = timed(1.0, 1.0, "digits")
    adam = cost.time_per_step["digits"]["adam"]
    sgd = adam.model_copy(update={"microseconds": 1.4 * adam.microseconds})
    cost.model_copy(update={"time_per_step": {"digits": {"adam": adam, "sgd": sgd}}}).write()
    rows = [
        {"problem": "digits", "optimizer": name, "seed": seed, "validation_accuracy": value, "diverged": False}
        for name, value in (("sgd", 0.9), ("adam", 0.05))
        for seed in SEEDS
    ]
    tables.RUNS.write(pd.DataFrame(rows).reindex(columns=list(tables.RUNS.columns)))
    return tmp_path


def test_a_dear_optimizer_gets_the_epochs_that_fit_and_each_seed_picks(project: Path) -> None:
    equal_time.main(optimizer="sgd", problems="digits", result=project / "found.json")
    found = json.loads((project / "found.json").read_text())["problems"]["digits"]
    assert (found["epochs"], found["whole_epochs"]) == (2, 3)
    assert found["time"] == pytest.approx(1.4 * 2 / 3, abs=1e-4)
    # the other survivor, whose rate is too low to learn anything, is picked by no seed
    assert min(found["by_seed"].values()) > 0.5
    mean = sum(found["by_seed"].values()) / len(SEEDS)
    assert found["minus"]["adam"]["mean"] == pytest.approx(mean - 0.05)
    assert found["minus"]["sgd"]["mean"] == pytest.approx(mean - 0.9)


def test_an_optimizer_that_was_not_timed_is_named(project: Path) -> None:
    with pytest.raises(UserError, match="no time of a step of 'muon' on 'digits'"):
        equal_time.main(optimizer="muon", problems="digits", result=project / "found.json")
