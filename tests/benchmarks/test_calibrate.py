from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks import calibrate, other_seeds
from pipeline.results import tables
from pipeline.results.metrics import Metrics
from pipeline.results.problems import ProblemFacts, Problems
from tests.comparison.claims.made_up_study import entry
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.calibrate import Recorded, Vector

OPTIMIZERS = ("adam", "sgd", "momentum", "nesterov", "adagrad", "nadam", "adamw", "muon")
PROBLEMS = ("cifar10", "next_word")


def two_studies(seeds: int, optimizers: int, luck: float, noise: float = 0.8, start: int = 0) -> tuple[Vector, Vector]:
    """Return results in points: what every optimizer is worth, the luck of a search, shared and own noise."""
    rng = np.random.default_rng(start)
    worth = 60 + rng.normal(0, 3, optimizers)
    first, second = (
        worth
        + rng.normal(0, 1)  # a search that is better for all
        + rng.normal(0, luck, optimizers)
        + rng.normal(0, 0.7, (seeds, 1))
        + rng.normal(0, noise, (seeds, optimizers))
        for _ in range(2)
    )
    return first, second


def write_results(folder: Path) -> None:
    """Write the tables of two studies of two problems, the second problem in hundredths of a nat."""
    shutil.copy2(ROOT / "params.yaml", folder)
    metrics = {
        name: {
            row: entry(number, measure="loss" if name == "next_word" else "accuracy")
            for number, row in enumerate(OPTIMIZERS)
        }
        for name in PROBLEMS
    }
    Metrics(problems=metrics).write(folder / Metrics.PATH)
    Problems(problems={name: _facts(name) for name in PROBLEMS}).write(folder / Problems.PATH)
    tables_of = zip((tables.RUNS, other_seeds.RUNS), two_studies(10, len(OPTIMIZERS), 0.5), strict=True)
    for table, results in tables_of:
        rows = [
            {
                "problem": problem,
                "optimizer": name,
                "seed": seed,
                "test_accuracy": value / 100,
                "test_loss": 5 - value / 100,
                "diverged": False,
            }
            for problem in PROBLEMS
            for name, column in zip(OPTIMIZERS, results.T, strict=True)
            for seed, value in enumerate(column)
        ]
        (folder / table.path).parent.mkdir(exist_ok=True, parents=True)
        pd.DataFrame(rows, columns=list(table.columns)).to_csv(folder / table.path, index=False)
    trials = pd.DataFrame(columns=list(tables.SEARCHES.columns))
    trials.to_csv(folder / tables.SEARCHES.path, index=False)


def _facts(problem: str) -> ProblemFacts:
    return ProblemFacts(
        title=problem,
        description="Made up.",
        data=problem,
        shape=(32, 32, 3),
        classes=tuple(str(number) for number in range(10 if problem == "cifar10" else 148)),
        counts={"train": 100, "validation": 100, "test": 100},
        validation_fraction=0.5,
        split_seed=0,
        white=255,
        measure="loss" if problem == "next_word" else "accuracy",
    )


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    monkeypatch.chdir(tmp_path)
    write_results(tmp_path)
    return calibrate.recorded()


@pytest.mark.parametrize("luck", [0.0, 0.5, 2.0])
def test_the_luck_of_the_search_is_found_in_two_studies(luck: float) -> None:
    found = calibrate.chance(*two_studies(10, 400, luck)).luck
    assert found.sd == pytest.approx(luck, abs=0.12)
    assert found.sd <= found.high < luck + 0.3


def test_with_few_optimizers_the_upper_bound_covers_the_luck() -> None:
    bounds = [calibrate.chance(*two_studies(10, 10, 0.5, start=start)).luck.high for start in range(200)]
    assert 0.94 <= np.mean(np.array(bounds) >= 0.5) <= 1


def test_simulated_studies_have_the_spread_and_the_luck_that_were_recorded() -> None:
    found = calibrate.chance(*two_studies(200, 5, 0.0))
    own = found.studies(300, 2.0, 1)
    assert own.shape == (300, 200, 4)
    # the effect of the seed cancels in pairs
    assert own.var(axis=1, ddof=1).mean() == pytest.approx(2 * 0.8**2, rel=0.12)
    assert own.mean(axis=1).var() == pytest.approx(2 * 2.0**2, rel=0.15)


def test_the_luck_of_the_search_makes_false_alarms_and_the_margin_lowers_them() -> None:
    found = calibrate.chance(*two_studies(10, 5, 0.5))
    none, some = (
        {name: figures["share"] for name, figures in calibrate.false_alarms(own, 0.5, 0.05).items()}
        for own in (found.studies(200, luck, 1) for luck in (0.0, 1.0))
    )
    assert none["any_difference"] <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
    assert none["any_difference"] < some["any_difference"]
    assert some["any_better_beyond_margin"] <= some["any_beyond_margin"] < some["any_difference"]


def test_power_rises_with_the_advantage() -> None:
    own = calibrate.chance(*two_studies(10, 4, 0.2)).studies(50, 0.2, 1)
    found = [calibrate.power(own, advantage, 0.5, 0.05) for advantage in (0.0, 2.0, 8.0)]
    assert found[0]["better"] < found[1]["better"] < found[2]["better"] == 1.0
    assert all(power["better_beyond_margin"] <= power["better"] for power in found)


def test_twins_and_optimizers_that_diverged_on_the_problem_are_left_out(study: Recorded) -> None:
    found = study.evidence.metrics.problems["cifar10"]
    found["muon"] = found["muon"].model_copy(update={"twin_of": "adamw"})
    second = study.runs[1]
    one = (second["problem"] == "cifar10") & (second["optimizer"] == "sgd") & (second["seed"] == 3)
    second.loc[one, "diverged"] = True
    assert study.roster("cifar10") == [name for name in OPTIMIZERS if name not in ("sgd", "muon")]
    assert study.roster("next_word") == list(OPTIMIZERS)


def test_the_command_writes_its_figures_twice_the_same(study: Recorded, tmp_path: Path) -> None:
    app = calibrate.typer.Typer()
    app.command()(calibrate.main)
    for name, problems in (("a", "cifar10,next_word"), ("b", "next_word")):
        usual = ["--studies", "100", "--problems", problems, "--output", str(tmp_path / name)]
        found = CliRunner().invoke(app, usual)
        assert found.exit_code == 0, found.output
    written, again = (json.loads((tmp_path / name).read_text())["problems"] for name in ("a", "b"))
    assert again["next_word"] == written["next_word"]
    assert list(written) == ["cifar10", "next_word"]
    assert list(written["cifar10"]["advantage_over_the_baseline"]) == list(OPTIMIZERS[1:])
    assert list(written["cifar10"]["power"]) == ["1", "1.5", "2"]
    assert (written["next_word"]["unit"], list(written["next_word"]["power"])) == ("nats", ["0.02", "0.03", "0.04"])
    # a nat is a hundred hundredths
    accuracy, loss = (written[name]["sd_by_the_search"]["sd"] for name in PROBLEMS)
    assert loss == pytest.approx(accuracy / 100, rel=0.01)


def test_a_problem_without_a_comparison_is_a_mistake_in_one_sentence(study: Recorded) -> None:
    with pytest.raises(calibrate.errors.UserError, match="no optimizers are compared on 'digits' in both studies"):
        calibrate.main(problems="digits")


def test_without_the_second_study_its_command_is_named(study: Recorded) -> None:
    other_seeds.RUNS.path.unlink()
    with pytest.raises(calibrate.errors.UserError, match="make other-seeds"):
        calibrate.recorded()
