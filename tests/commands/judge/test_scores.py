from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from pipeline.commands.judge.judgement import judge_results
from pipeline.commands.judge.table import ResultsError
from pipeline.results.tables import RUNS
from pipeline.statistics.inversion import difference_interval
from tests.commands.judge.made_up import results

if TYPE_CHECKING:
    from pathlib import Path


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


# --- what a study writes ---------------------------------------------------------------------------------


def picked(**gaps: float) -> pd.DataFrame:
    """A table as ``results/runs.csv``: each seed picked a setting of its own."""
    frame = results(**gaps)
    rates = [0.1, 0.3, 0.1, 0.03, 0.3] * 2
    return frame.assign(
        problem="digits",
        learning_rate=rates * len(gaps),
        arguments=[f"momentum={rate}" if name == "sgd" else "" for rate in rates for name in gaps],
        validation_accuracy=frame.test_accuracy,
        validation_loss=1.0,
        test_loss=1.5 - frame.test_accuracy,
        train_loss=1.0,
        diverged=False,
    )[list(RUNS.columns)]


def test_every_seed_counts_at_the_learning_rate_that_it_picked(tmp_path: Path) -> None:
    picked(adam=0.02, sgd=0.0).to_csv(tmp_path / "runs.csv", index=False)
    found = judge_results(tmp_path / "runs.csv")
    assert [(one.problem, one.learning_rate, one.values.size) for one in found.scores] == [("digits", None, 10)] * 2
    assert found.judged[0].conclusion == "better"
    assert "Each seed counts at its own learning rate: adam and sgd." in found.notes
    assert found.metric == "test_accuracy"
    assert "metric 'test_accuracy' (--metric takes another: validation_accuracy, " in found.understood
    assert judge_results(tmp_path / "runs.csv", metric="test_loss").judged[0].conclusion == "better"


def test_a_seed_at_two_learning_rates_is_a_search() -> None:
    frame = picked(adam=0.02, sgd=0.0)
    again = frame[frame.seed == 0].assign(learning_rate=7.0)
    searched = pd.concat([frame.assign(learning_rate=0.1), again])
    found = judge_results(searched)
    assert [one.learning_rate for one in found.scores] == [0.1, 0.1]
    assert (
        "Left out, at learning rates with fewer seeds: 1 row of adam on digits; 1 row of sgd on digits." in found.notes
    )


@pytest.mark.parametrize("yes", [True, "True", "yes", 1, 1.0])
def test_a_diverged_run_counts_as_the_worst(yes: object) -> None:
    frame = picked(adam=0.02, sgd=0.0).astype({"diverged": object})
    lost = (frame.optimizer == "adam") & frame.seed.isin([2, 5])
    frame.loc[lost, "diverged"] = yes
    frame.loc[lost, ["test_loss", "test_accuracy"]] = [None, 0.3]
    accuracy, loss = judge_results(frame), judge_results(frame, metric="test_loss")
    adam, sgd = accuracy.scores
    assert adam.values[[2, 5]].tolist() == [0, 0]
    assert "Counted as the worst result because they diverged: 2 runs (adam)." in accuracy.notes
    assert loss.scores[0].values[[2, 5]].tolist() == [frame.test_loss.max()] * 2
    assert np.isfinite(sgd.values).all()


def test_a_word_that_says_neither_that_a_run_diverged_nor_that_it_did_not_is_refused() -> None:
    frame = picked(adam=0.02, sgd=0.0).astype({"diverged": object})
    frame.loc[3, "diverged"] = "at step 5"
    with pytest.raises(ResultsError, match="row 3: diverged is 'at step 5', yes or no is needed"):
        judge_results(frame)


def test_where_every_run_diverged_there_is_no_worst_loss() -> None:
    frame = picked(adam=0.02, sgd=0.0).assign(diverged=True)
    with pytest.raises(ResultsError, match="every run on digits diverged"):
        judge_results(frame, metric="test_loss")
    assert judge_results(frame).judged[0].conclusion == "inconclusive"


def test_the_interval_is_that_of_the_study() -> None:
    frame = picked(adam=0.02, sgd=0.0)
    adam, sgd = (frame[frame.optimizer == name].test_accuracy.to_numpy() for name in ("adam", "sgd"))
    comparison = judge_results(frame).judged[0].comparison
    assert comparison is not None
    expected = difference_interval(adam - sgd, np.random.default_rng(0))
    assert (comparison.interval.low, comparison.interval.high) == (expected.low, expected.high)


def test_better_means_beyond_the_margin() -> None:
    frame = picked(adam=0.0055, sgd=0.0)
    assert judge_results(frame).judged[0].conclusion == "better"
    assert judge_results(frame, margin=0.005).judged[0].conclusion == "inconclusive"
