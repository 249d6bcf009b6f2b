from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks import calibrate
from benchmarks.calibrate import Law, Protocol, Recorded
from pipeline.results import tables
from pipeline.results.metrics import Metrics
from pipeline.results.problems import ProblemFacts, Problems
from pipeline.settings import loading
from tests.comparison.claims.made_up_study import entry, of
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LAW = Law(
    seed_sd=0.7,
    run_sd=1.0,
    test_sd=0.4,
    validation_sd=0.6,
    trial_sd=1.17,
    fall=10.0,
    best_sd=0.3,
    setting_sd=0.0,
)
PROTOCOL = Protocol(optimizers=4, seeds=10, points=12, points_beyond=4, survivors=3)
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "adam", "nadam", "adamw", "muon")


def write_results(folder: Path, law: Law, seeds: int = 10) -> None:
    """Write the results of a study that follows a law; every seed picks among settings that are equally good."""
    shutil.copy2(ROOT / "params.yaml", folder)
    rng = np.random.default_rng(3)
    runs, trials, metrics = [], [], {"cifar10": {}, "next_word": {}}
    shared = rng.normal(0, law.seed_sd, seeds)
    centres = {name: row.centre for name, row in loading.load(folder / "params.yaml").optimizers.items()}
    for number, name in enumerate(OPTIMIZERS):
        run = 60 + shared[:, None] + rng.normal(0, law.run_sd, (seeds, 3))
        test, validation = (run + rng.normal(0, sd, run.shape) for sd in (law.test_sd, law.validation_sd))
        picked = validation.argmax(axis=1)
        test, validation = (own[np.arange(seeds), picked] for own in (test, validation))
        best = rng.normal(0, law.best_sd)
        for problem, found in metrics.items():
            found[name] = entry(number, measure="loss" if problem == "next_word" else "accuracy")
            found[name] = found[name].model_copy(update={"test_accuracy": of((test / 100).tolist())})
            runs += [
                {
                    "problem": problem,
                    "optimizer": name,
                    "seed": 51 + seed,
                    "learning_rate": 0.01 * (1 + picked[seed]),
                    "test_accuracy": test[seed] / 100,
                    "validation_accuracy": validation[seed] / 100,
                    # a loss of the same law, in hundredths of a nat
                    "test_loss": 5 - test[seed] / 100,
                    "validation_loss": 5 - validation[seed] / 100,
                    "diverged": False,
                }
                for seed in range(seeds)
            ]
            place = 3 * (rng.permutation(12) + rng.uniform(size=12)) / 12 - 1.5
            reached = 60 - law.fall * (place - best) ** 2 + rng.normal(0, law.trial_sd, 12)
            trials += [
                {
                    "problem": problem,
                    "optimizer": name,
                    "number": point,
                    "hopeless": False,
                    "learning_rate": centres[name] * 10 ** place[point],
                    "arguments": "momentum=0.9",
                    "validation_accuracy": max(reached[point], 10) / 100,
                    "validation_loss": 5 - reached[point] / 100,
                }
                for point in range(12)
            ]
    Metrics(problems=metrics).write(folder / Metrics.PATH)
    facts = {name: _facts(name) for name in metrics}
    Problems(problems=facts).write(folder / Problems.PATH)
    for table, rows in ((tables.RUNS, runs), (tables.SEARCHES, trials)):
        frame = pd.DataFrame(rows, columns=list(table.columns))
        (folder / table.path).parent.mkdir(exist_ok=True)
        frame.to_csv(folder / table.path, index=False)


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
    write_results(tmp_path, LAW, seeds=200)
    return calibrate.recorded()


def test_the_law_that_results_follow_is_found_in_them(study: Recorded) -> None:
    law = calibrate.recorded_law(study, "cifar10")
    # the choice among survivors leaves its mark on each of these, and less on their sum
    assert law.seed_sd == pytest.approx(LAW.seed_sd, rel=0.2)
    assert law.run_sd == pytest.approx(LAW.run_sd, rel=0.2)
    assert np.hypot(law.run_sd, law.test_sd) == pytest.approx(np.hypot(LAW.run_sd, LAW.test_sd), rel=0.1)
    assert law.trial_sd == pytest.approx(LAW.trial_sd, rel=0.25)
    assert law.fall == pytest.approx(LAW.fall, rel=0.3)
    assert 0 < law.best_sd < 1


def test_simulated_studies_have_the_spread_of_the_recorded_one(study: Recorded) -> None:
    law, protocol = (find(study, "cifar10") for find in (calibrate.recorded_law, calibrate.protocol_of))
    spread = calibrate.differences(law, protocol, 300, 1).var(axis=1, ddof=1).mean()
    assert spread == pytest.approx(calibrate._paired_variance(study, "cifar10"), rel=0.1)


def test_a_loss_has_the_same_law_in_nats(study: Recorded) -> None:
    accuracy, loss = (calibrate.recorded_law(study, name) for name in ("cifar10", "next_word"))
    for name in ("seed_sd", "run_sd", "test_sd", "validation_sd"):
        assert getattr(loss, name) == pytest.approx(getattr(accuracy, name) / 100, rel=0.02), name


def test_optimizers_that_differ_from_run_to_run_by_a_seed_that_diverged_are_left_out(study: Recorded) -> None:
    found = study.evidence.metrics.problems["cifar10"]
    found["sgd"] = found["sgd"].model_copy(update={"diverged": (3,)})
    found["muon"] = found["muon"].model_copy(update={"twin_of": "adamw"})
    assert study.roster("cifar10") == [name for name in OPTIMIZERS if name not in ("sgd", "muon")]


def test_a_study_is_simulated_as_it_was_made(study: Recorded) -> None:
    protocol = calibrate.protocol_of(study, "cifar10")
    assert (protocol.optimizers, protocol.seeds, protocol.points, protocol.survivors) == (8, 10, 12, 2)
    assert protocol.decades == pytest.approx(3)


def test_simulated_studies_have_the_spread_that_was_put_in() -> None:
    flat = replace(LAW, fall=0.0)
    own = calibrate.differences(flat, replace(PROTOCOL, survivors=1), 1_000, 1)
    assert own.shape == (1_000, 10, 3)
    # the effect of the seed cancels in pairs
    assert own.var() == pytest.approx(2 * (1.0**2 + 0.4**2), rel=0.04)
    assert calibrate.luck(own) < 0.1


def test_a_best_rate_on_the_border_widens_the_range() -> None:
    # without any noise the survivors are the points nearest to the best rate
    exact = Law(0, 0, 0, 0, trial_sd=0, fall=10.0, best_sd=5.0, setting_sd=0)
    rng = np.random.default_rng(0)
    fixed, widened = (replace(PROTOCOL, optimizers=40, survivors=1, points_beyond=count) for count in (0, 4))
    assert calibrate.simulated(exact, widened, rng).min() > -10 * 0.5**2
    assert calibrate.simulated(exact, fixed, rng).shape == (10, 40)


def test_the_luck_of_tuning_makes_false_alarms_and_survivors_and_the_margin_lower_them() -> None:
    def alarms(law: Law, survivors: int) -> dict[str, float]:
        own = calibrate.differences(law, replace(PROTOCOL, survivors=survivors), 200, 1)
        found = calibrate.false_alarms(own, 0.5, 0.05)
        return {name: figures["share"] for name, figures in found.items()}

    steep = replace(LAW, fall=30.0)
    three, one, none = alarms(steep, 3), alarms(steep, 1), alarms(replace(LAW, fall=0.0), 1)
    assert none["any_difference"] <= 0.05 + 3 * (0.05 * 0.95 / 200) ** 0.5
    assert none["any_difference"] < three["any_difference"] < one["any_difference"]
    assert three["any_better_beyond_margin"] <= three["any_beyond_margin"] < three["any_difference"]


def test_power_rises_with_the_advantage() -> None:
    own = calibrate.differences(LAW, PROTOCOL, 50, 1)
    found = [calibrate.power(own, advantage, 0.5, 0.05) for advantage in (0.0, 2.0, 8.0)]
    assert found[0]["better"] < found[1]["better"] < found[2]["better"] == 1.0
    assert all(power["better_beyond_margin"] <= power["better"] for power in found)


def test_the_command_writes_its_figures_twice_the_same(study: Recorded, tmp_path: Path) -> None:
    app = calibrate.typer.Typer()
    app.command()(calibrate.main)
    usual = ["--studies", "100", "--optimizers", "2"]
    for name, problems in (("a", "cifar10,next_word"), ("b", "next_word")):
        found = CliRunner().invoke(app, [*usual, "--problems", problems, "--output", str(tmp_path / name)])
        assert found.exit_code == 0, found.output
    written, again = (json.loads((tmp_path / name).read_text())["problems"] for name in ("a", "b"))
    assert again["next_word"] == written["next_word"]
    assert list(written) == ["cifar10", "next_word"]
    assert list(written["cifar10"]["power"]) == ["1", "1.5", "2"]
    assert (written["next_word"]["unit"], list(written["next_word"]["power"])) == ("nats", ["0.02", "0.03", "0.04"])


def test_a_problem_without_a_comparison_is_a_mistake_in_one_sentence(study: Recorded) -> None:
    with pytest.raises(calibrate.errors.UserError, match="no optimizers are compared on 'digits': one of cifar10"):
        calibrate.main(problems="digits")
