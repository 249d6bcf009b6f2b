from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from pipeline.commands.judge.judgement import judge_results
from pipeline.commands.judge.table import ResultsError
from tests.commands.judge.made_up import results

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAME = results(adam=0.02, sgd=0.0)


def mlflow_runs() -> pd.DataFrame:
    """What `mlflow.search_runs` gives: params are text, runs lack what they did not log."""
    runs = pd.DataFrame(
        {
            "run_id": [f"{row:032x}" for row in range(len(FRAME))],
            "status": "FINISHED",
            "metrics.test_accuracy": FRAME.test_accuracy,
            "metrics.val_loss": 1.0,
            "metrics.epoch": 4.0,
            "params.optimizer": FRAME.optimizer,
            "params.seed": FRAME.seed.astype(str),
            "params.lr": "0.001",
            "params.epochs": "5",
        }
    )
    parent = runs.head(1).assign(**{"metrics.test_accuracy": np.nan, "params.seed": None, "status": "RUNNING"})
    return pd.concat([runs, parent])


def test_mlflows_runs() -> None:
    found = judge_results(mlflow_runs())
    assert found.metric == "test_accuracy"
    assert found.judged[0].conclusion == "better"
    assert found.scores[0].learning_rate == 0.001
    assert "optimizer in 'params.optimizer'" in found.understood
    assert "Left out: 1 run without optimizer, seed or test_accuracy (adam)." in found.notes
    assert judge_results(mlflow_runs(), metric="val_loss").metric == "val_loss"
    assert judge_results(mlflow_runs(), metric="metrics.val_loss").metric == "val_loss"


def test_runs_that_did_not_end_well_are_named() -> None:
    frame = mlflow_runs()
    frame.iloc[3, frame.columns.get_loc("status")] = "RUNNING"
    assert "Judged though not finished: adam, seed 3 (RUNNING)." in judge_results(frame).notes


def test_wandbs_table_of_runs() -> None:
    frame = pd.DataFrame(
        {
            "Name": [f"glad-sun-{row}" for row in range(len(FRAME))],
            "State": "finished",
            "Optimizer": FRAME.optimizer,
            "seed": FRAME.seed,
            "lr": 0.1,
            "_step": 100,
            "Runtime": 12.5,
            "test/acc": FRAME.test_accuracy,
        }
    )
    found = judge_results(frame)
    assert (found.metric, found.judged[0].conclusion) == ("test/acc", "better")


def test_the_studys_own_table_of_runs(write: Callable[[object], Path]) -> None:
    frame = pd.concat(FRAME.assign(problem=name) for name in ("cifar10", "wine"))
    frame = frame.assign(
        learning_rate=0.001,
        validation_accuracy=0.5,
        validation_loss=1.5,
        test_loss=1.5,
        train_loss=1.0,
        diverged=False,
        test_accuracy=frame.test_accuracy.where(frame.problem == "cifar10"),  # a regression has none
    )
    found = judge_results(write(frame))
    assert found.metric == "test_accuracy"
    assert [(entry.a.problem, entry.conclusion) for entry in found.judged] == [("cifar10", "better")]
    assert "Left out: 20 rows without test_accuracy (wine)." in found.notes


@pytest.mark.parametrize("name", ["Test Accuracy", "test/acc", "TEST_ACC", "test-accuracy"])
def test_the_accuracy_on_test_data_is_preferred(name: str) -> None:
    frame = FRAME.rename(columns={"test_accuracy": name}).assign(test_loss=1.0)
    assert judge_results(frame).metric == name


def test_headers_in_any_case_and_other_names(write: Callable[[object], Path]) -> None:
    frame = FRAME.rename(columns={"optimizer": "Optimiser", "seed": "SEED"}).assign(LR=0.1)
    frame["SEED"] = frame.SEED.astype(str) + "th"
    found = judge_results(write(frame))
    assert found.scores[0].seeds is not None
    assert found.scores[0].seeds[0] == "0th"
    assert found.scores[0].learning_rate == 0.1


def test_several_metrics_are_listed() -> None:
    frame = FRAME.rename(columns={"test_accuracy": "f1"}).assign(recall=0.5, note="x", diverged=False)
    with pytest.raises(ResultsError, match="--metric: f1, recall"):
        judge_results(frame)
    assert judge_results(frame, metric="f1").metric == "f1"


def test_names_that_other_readers_take_for_missing(write: Callable[[object], Path]) -> None:
    frame = results(nan=0.0, None_=0.01, NA=0.02).replace({"optimizer": {"None_": "None"}})
    assert [one.optimizer for one in judge_results(write(frame)).scores] == ["NA", "None", "nan"]
