from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from pipeline.commands.judge.judgement import judge_results
from pipeline.commands.judge.table import ResultsError
from tests.commands.judge.made_up import results, wide

if TYPE_CHECKING:
    from pipeline.commands.judge.judgement import Judgement

FRAME = results(adam=0.02, sgd=0.0)
EXPECTED = judge_results(FRAME)


def values(found: Judgement) -> list[tuple[str, object, list[float]]]:
    return [(one.optimizer, one.seeds, one.values.tolist()) for one in found.scores]


def test_one_column_per_optimizer() -> None:
    found = judge_results(wide(FRAME).reset_index(), metric="test_accuracy")
    assert values(found) == values(EXPECTED)
    assert "one column per optimizer (adam and sgd), seed in 'seed'" in found.understood


def test_what_the_columns_hold_is_asked_for() -> None:
    with pytest.raises(ResultsError, match="or what they are with --metric"):
        judge_results(wide(FRAME))
    assert judge_results(wide(FRAME), higher_is_better=False).judged[0].conclusion == "worse"


def test_the_columns_may_say_the_metric() -> None:
    frame = wide(FRAME).add_suffix("_test_acc")
    assert values(judge_results(frame)) == values(EXPECTED)
    assert judge_results(frame).metric == "test_acc"
    with pytest.raises(ResultsError, match="--metric: test_acc, val_loss"):
        judge_results(frame.assign(adam_val_loss=1.0, sgd_val_loss=2.0))
    both = frame.assign(adam_val_loss=1.0, sgd_val_loss=2.0)
    assert judge_results(both, metric="val_loss").judged[0].conclusion == "better"


def test_columns_without_a_seed_are_independent_runs() -> None:
    frame = wide(FRAME).reset_index(drop=True)
    found = judge_results(frame, metric="accuracy")
    assert found.scores[0].seeds is None
    assert not found.judged[0].is_paired


def test_a_shorter_column_has_fewer_runs() -> None:
    frame = wide(FRAME)
    frame.loc[8:, "sgd"] = None
    found = judge_results(frame, metric="accuracy")
    assert [one.values.size for one in found.scores] == [10, 8]
    assert "Left out: 2 empty cells." in found.notes


@pytest.mark.parametrize("name", ["{}", "seed {}", "seed_{}", "run{}"])
def test_one_column_per_seed(name: str) -> None:
    frame = wide(FRAME).T.rename(columns=name.format).rename_axis("optimizer").reset_index()
    assert values(judge_results(frame, metric="accuracy")) == values(EXPECTED)


@pytest.mark.parametrize("name", ["{}-seed{}", "{} s{}", "{}_{}", "{}/seed={}", "seed{1}-{0}"])
def test_wandbs_plot_has_one_column_per_run(name: str) -> None:
    runs = {
        f"{name.format(row.optimizer, row.seed)} - test/acc": [0.1, row.test_accuracy] for row in FRAME.itertuples()
    }
    bounds = {f"{name}__{bound}": column for name, column in runs.items() for bound in ("MIN", "MAX")}
    steps = {f"{name.split(' - ')[0]} - _step": [1, 2] for name in runs}
    found = judge_results(pd.DataFrame({"Step": [1, 2], **runs, **bounds, **steps}))
    assert values(found) == values(EXPECTED)
    assert found.metric == "test/acc"


def test_a_cell_without_a_value_is_a_step_that_the_run_did_not_log() -> None:
    frame = pd.DataFrame(
        {
            "Step": [1, 2, 3],
            **{
                f"{one}-{seed} - loss": [1.0, None, seed + gap]
                for one, gap in (("adam", 0), ("sgd", 1))
                for seed in (1, 2)
            },
        }
    )
    assert [one.values.tolist() for one in judge_results(frame).scores] == [[1, 2], [2, 3]]


def test_runs_that_have_only_a_name() -> None:
    frame = pd.DataFrame(
        {"Name": FRAME.optimizer + "-seed" + FRAME.seed.astype(str), "State": "finished", "acc": FRAME.test_accuracy}
    )
    assert values(judge_results(frame)) == values(EXPECTED)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"Name": ["glad-sun-1", "bad-moon-2"], "acc": [0.1, 0.2]}), "do not say optimizer and seed"),
        (pd.DataFrame({"Step": [1], "optimizer: adam - acc": [0.1], "optimizer: sgd - acc": [0.1]}), "do not say"),
        (FRAME.rename(columns={"optimizer": "method"}), "--optimizer-column. Is it 'method'?"),
        (FRAME.rename(columns={"optimizer": "method"}).assign(score=1.0), "--optimizer-column. Is it 'method'?"),
        (pd.DataFrame({"seed": [1, 2], "test_accuracy": [0.1, 0.2], "test_loss": [1.0, 2.0]}), "no column 'optimizer'"),
        (pd.DataFrame({"seed": [1, 2], "score": [0.1, 0.2]}), "no column 'optimizer'"),
    ],
)  # fmt: skip
def test_what_is_ambiguous_is_asked_for(frame: pd.DataFrame, said: str) -> None:
    with pytest.raises(ResultsError, match=said):
        judge_results(frame)
