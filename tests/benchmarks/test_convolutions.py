from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks import convolutions
from pipeline.data import preparing, problems
from pipeline.project import paths
from pipeline.results.metrics import Metrics, SettingRecord
from tests import yaml_text
from tests.comparison.claims.made_up_study import entry
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_the_setting_that_most_seeds_picked_is_trained_with_both_convolutions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    params = yaml_text.load((ROOT / "params.yaml").read_text())
    params["problems"]["digits"] |= {"epochs": 1}
    params["execution"]["workers"] = 1
    (tmp_path / "params.yaml").write_text(yaml_text.dump(params))
    dataset = problems.by_name("digits")
    preparing.prepare(dataset, dataset.load(tmp_path), 0.2, 0, paths.learning("digits"), paths.test("digits"))
    own = entry(0)
    setting = SettingRecord(learning_rate=0.003, arguments={"beta1": 0.85, "eps": 1e-6})
    search = own.search.model_copy(update={"survivors": (setting,)})
    Metrics(problems={"digits": {"adam": own.model_copy(update={"search": search})}}).write()
    convolutions.main(optimizers="adam", seeds=2, problem="digits", result=tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text())["optimizers"]["adam"]
    assert found["learning_rate"] == 0.003
    assert found["arguments"] == {"betas": [0.85, 0.999], "eps": 1e-6}
    loss = found["validation_loss"]
    # sums in another order, and nothing else
    assert loss["compiled"] == pytest.approx(loss["torch"], rel=1e-3)
    assert loss["by_seed"]["compiled"][0] != loss["by_seed"]["compiled"][1]
