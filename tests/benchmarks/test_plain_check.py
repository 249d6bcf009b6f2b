from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from benchmarks import plain_check
from pipeline.project.errors import DataError, UserError
from pipeline.results import tables
from pipeline.results.metrics import Metrics, SettingRecord
from pipeline.settings import loading
from tests import yaml_text
from tests.comparison.claims.made_up_study import entry
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.results.metrics import OptimizerMetrics

SETTINGS = {
    "adam": {"learning_rate": 0.003, "arguments": {"beta1": 0.85, "eps": 1e-6}},
    "nesterov": {"learning_rate": 0.02, "arguments": {"momentum": 0.9}},
    "muon": {"learning_rate": 0.003, "arguments": {"momentum": 0.9}},
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with made-up images, each class in colours of its own, and made-up results."""
    monkeypatch.chdir(tmp_path)
    shutil.copy2(ROOT / "params.yaml", tmp_path)
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 255, (10, 3))
    for folder, part, count in (("learning", "train", 400), ("test", "test", 100)):
        labels = np.arange(count) % 10
        images = np.clip(colours[labels][:, None, None] + rng.normal(0, 20, (count, 32, 32, 3)), 0, 255)
        path = tmp_path / "data/prepared" / folder / "cifar10"
        path.mkdir(parents=True)
        np.save(path / f"{part}_inputs.npy", images.astype(np.uint8))
        np.save(path / f"{part}_labels.npy", labels)
    Metrics(problems={"cifar10": {name: found(name) for name in SETTINGS}}).write()
    rows = [
        {"problem": problem, "optimizer": name, "seed": seed, "test_accuracy": 0.6 + 0.01 * seed, "diverged": False}
        for problem in ("cifar10", "cats_dogs")
        for name in SETTINGS
        for seed in range(3 if problem == "cifar10" else 5)
    ]
    tables.RUNS.write(pd.DataFrame(rows, columns=list(tables.RUNS.columns)))
    return tmp_path


def found(name: str) -> OptimizerMetrics:
    """Return metrics of ten seeds, most of which picked the second survivor."""
    survivors = (SettingRecord(learning_rate=0.5), SettingRecord(**SETTINGS[name]))
    own = entry(0)
    picked = (0, 1, 1, 1, 0, 1, 1, 1, 1, 1)
    return own.model_copy(update={"search": own.search.model_copy(update={"survivors": survivors, "picked": picked})})


def test_the_setting_that_most_seeds_picked_is_taken() -> None:
    assert plain_check.usual_setting(Metrics.read(), "cifar10", "adam") == (SettingRecord(**SETTINGS["adam"]), 8)


def test_of_settings_picked_equally_often_the_better_one_of_the_search_is_taken() -> None:
    own = found("adam")
    equal = own.model_copy(update={"search": own.search.model_copy(update={"picked": (1, 0, 1, 0)})})
    setting, count = plain_check.usual_setting(Metrics(problems={"cifar10": {"adam": equal}}), "cifar10", "adam")
    assert (setting.learning_rate, count) == (0.5, 2)


def test_a_plain_loop_learns_and_another_seed_gives_another_network() -> None:
    row = plain_check.plain_row(loading.load(), Metrics.read(), "adam")
    longer = replace(row, epochs=3, batch_size=40)
    data = plain_check.Data.read("cifar10")
    assert plain_check.accuracy(longer, data, seed=0) > 0.6
    first, again, other = (next(plain_check._trained(longer, data, seed, most=1).parameters()) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_rate_falls_to_zero_and_whole_batches_alone_are_trained_on() -> None:
    row = plain_check.plain_row(loading.load(), Metrics.read(), "adam")
    model = plain_check.plain_loops.network()
    own = plain_check._Optimizers(row, model, steps=4)
    rates = []
    for _ in range(4):
        rates.append(own._all[0].param_groups[0]["lr"])
        own.step(model(torch.randn(4, 3, 32, 32)).square().mean())
    assert rates == pytest.approx([0.003, 0.00225, 0.0015, 0.00075])
    assert own._all[0].param_groups[0]["betas"] == (0.85, 0.999)


def test_muon_moves_the_hidden_matrices_and_its_rest_all_else() -> None:
    row = plain_check.plain_row(loading.load(), Metrics.read(), "muon")
    model = plain_check.plain_loops.network()
    own = plain_check._Optimizers(row, model, steps=4)
    shapes = [[tuple(one.shape) for one in optimizer.param_groups[0]["params"]] for optimizer in own._all]
    assert shapes[0] == [(16, 24), (120, 784), (84, 120)]
    assert len(shapes[1]) == 7
    before = [parameter.detach().clone() for parameter in model.parameters()]
    own.step(model(torch.randn(4, 3, 32, 32)).square().mean())
    assert not any(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_images_are_normalised_by_statistics_of_the_training_images() -> None:
    data = plain_check.Data.read("cifar10")
    normalised = data.normalised(data.images).transpose(0, 1).flatten(1)
    assert normalised.mean(dim=1).abs().max() < 1e-3
    assert normalised.std(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-3)


@pytest.mark.parametrize(
    ("shift", "interval"),
    [
        (0.0, "within the margin"),
        (0.05, "beyond the margin"),
        (-0.05, "beyond the margin"),
        (0.01, "across the margin"),
    ],
)
def test_an_interval_stands_to_the_margin_in_one_of_three_ways(shift: float, interval: str) -> None:
    project = [0.600, 0.602, 0.598, 0.601, 0.599]
    result = plain_check.compared([value + shift for value in project], project, 0.01)
    assert result["interval"] == interval
    assert result["difference"]["mean"] == pytest.approx(shift)


def test_the_command_compares_with_the_study_and_keeps_what_was_found_before(project: Path) -> None:
    app = plain_check.typer.Typer()
    app.command()(plain_check.main)
    for names in ("adam", "nesterov"):
        run = CliRunner().invoke(app, ["--optimizers", names, "--seeds", "2"])
        assert run.exit_code == 0, run.output
    assert "learning rate 0.02, momentum 0.9 (picked by 8 seeds of the study), 12 steps a training" in run.output
    written = json.loads((project / plain_check.RESULT).read_text())["optimizers"]
    assert list(written) == ["adam", "nesterov"]
    assert written["adam"]["project"]["mean"] == pytest.approx(0.61)
    assert len(written["adam"]["plain"]["seeds"]) == 2
    assert written["adam"]["arguments"] == {"beta1": 0.85, "eps": 1e-6}
    assert written["adam"]["margin"] == 0.01


def test_what_the_plain_loop_cannot_do_is_said_before_any_work(project: Path) -> None:
    with pytest.raises(UserError, match="has no 'nadam' on cifar10: it has adam, nesterov, muon"):
        plain_check.main(optimizers="adam,nadam")
    params = yaml_text.load((project / "params.yaml").read_text())
    params["problems"]["cifar10"]["schedule"] = "cosine"
    (project / "params.yaml").write_text(yaml_text.dump(params))
    with pytest.raises(UserError, match="schedule linear"):
        plain_check.main(optimizers="adam")
    shutil.rmtree(project / "data")
    with pytest.raises(DataError, match="run `dvc repro prepare@cifar10`"):
        plain_check.main(optimizers="adam")
