from __future__ import annotations

import pandas as pd
import pytest

from pipeline.commands.judge.judgement import judge_results
from pipeline.commands.judge.table import ResultsError
from tests.commands.judge.made_up import results


def test_learning_rates_that_differ_by_rounding_are_one() -> None:
    frame = results(adam=0.02, sgd=0.0).assign(lr=[0.3, 0.1 + 0.2] * 10)
    found = judge_results(frame)
    assert [(one.learning_rate, one.values.size) for one in found.scores] == [(0.3, 10)] * 2


def test_what_is_left_out_is_said() -> None:
    searched = results(seeds=3, adam=-0.3, sgd=-0.3).assign(lr=0.1)
    found = judge_results(pd.concat([searched, results(adam=0.02, sgd=0.0).assign(lr=0.01)]))
    assert "Left out, at learning rates with fewer seeds: 3 rows of adam; 3 rows of sgd." in found.notes


@pytest.mark.parametrize("seeds", [["1", "2.0"], ["01", 2.0], [1, 2]])
def test_seeds_pair_however_they_are_written(seeds: list[object]) -> None:
    frame = pd.DataFrame({"optimizer": ["a", "a", "b", "b"], "seed": [1, 2, *seeds], "loss": [1.0, 2.0, 3.0, 5.0]})
    assert judge_results(frame).judged[0].is_paired


def test_names_that_look_alike_are_one() -> None:
    frame = results(adam=0.02, sgd=0.0)
    frame["optimizer"] = frame.optimizer.mask((frame.index % 2 == 0) & (frame.optimizer == "adam"), "adam\u200b ")
    frame["problem"] = ["M\u00e1rz", "Ma\u0301rz"] * 10
    assert [(one.problem, one.optimizer) for one in judge_results(frame).scores] == [
        ("M\u00e1rz", "adam"),
        ("M\u00e1rz", "sgd"),
    ]


def test_names_that_differ_in_capitals_are_told() -> None:
    found = judge_results(results(adam=0.02, Adam=0.0))
    assert "Taken as different optimizers: 'Adam' and 'adam'." in found.notes


def test_what_tells_the_rows_of_a_run_apart_is_named() -> None:
    both = pd.concat(results(adam=0.02, sgd=0.0).assign(batch_size=size) for size in (32, 64))
    with pytest.raises(ResultsError, match="They differ in batch_size: keep one value, as --where batch_size=32 does"):
        judge_results(both, metric="test_accuracy")
    assert judge_results(both, metric="test_accuracy", where=["batch_size=64"]).scores[0].values.size == 10


def test_epochs_need_to_know_the_run() -> None:
    frame = results(adam=0.02, sgd=0.0).rename(columns={"seed": "epoch"})
    with pytest.raises(ResultsError, match="--seed-column"):
        judge_results(frame)


def test_an_infinity_as_mlflow_writes_it() -> None:
    frame = results(adam=0.02, sgd=0.0).rename(columns={"test_accuracy": "loss"})
    frame.loc[3, "loss"] = 1.797e308
    with pytest.raises(ResultsError, match=r"row 3: loss is inf, as 1.797e\+308 counts \(first: adam, seed 3\)"):
        judge_results(frame)
