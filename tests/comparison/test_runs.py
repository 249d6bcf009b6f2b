"""The tidy table of all final trainings."""

from __future__ import annotations

import pytest

from pipeline.commands.judge.judgement import judge_results
from pipeline.comparison.runs import runs
from pipeline.results.metrics import Metrics
from pipeline.results.tables import RUNS, Table
from tests.conftest import ROOT
from tests.reporting.conftest import made_up_results, made_up_settings


def test_a_row_per_problem_optimizer_and_seed():
    settings = made_up_settings(("sgd", "adam"), seeds=3)
    found = made_up_results(settings, diverged=("sgd",))
    table = runs(found.metrics, settings.seeds)
    assert tuple(table.columns) == RUNS.columns
    assert len(table) == 2 * 2 * 3
    assert table["seed"].tolist() == [21, 22, 23] * 4
    assert table["diverged"].tolist() == [True, False, False, False, False, False] * 2
    assert table["test_loss"].isna().tolist() == table["diverged"].tolist()
    adam = table[(table["problem"] == "digits") & (table["optimizer"] == "adam")]
    assert adam["test_accuracy"].tolist() == list(found.metrics.problems["digits"]["adam"].test_accuracy.seeds)


def test_other_seeds_than_those_that_were_trained_are_refused():
    settings = made_up_settings(("sgd", "adam"), seeds=3)
    found = made_up_results(settings)
    with pytest.raises(ValueError, match="shorter"):
        runs(found.metrics, lambda problem: range(4))


def test_the_committed_table_holds_what_was_measured_and_can_be_judged():
    table = Table(ROOT / RUNS.path, RUNS.columns).read()
    metrics = Metrics.read(ROOT / Metrics.PATH)
    rows = {(p, o): len(one.trainings) for p, entries in metrics.problems.items() for o, one in entries.items()}
    assert table.groupby(["problem", "optimizer"], sort=False).size().to_dict() == rows
    means = table.groupby(["problem", "optimizer"])["test_accuracy"].mean()
    for (problem, optimizer), mean in means.items():
        assert mean == pytest.approx(metrics.problems[problem][optimizer].test_accuracy.mean, abs=1e-6)
    found = judge_results(ROOT / RUNS.path, baseline="adam", margin=0.005)
    assert found.metric == "test_accuracy"
    assert {one.conclusion for one in found.judged} >= {"better", "worse", "no meaningful difference"}
