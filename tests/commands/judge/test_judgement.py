from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from pipeline.commands.judge.judgement import judge_results
from pipeline.commands.judge.table import ResultsError
from pipeline.project.errors import one_message
from tests import needs
from tests.commands.judge.made_up import results, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


# --- published curves ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (
            "1",
            {
                "adam − momentum": "+0.344 0.0488",
                "adam − sgd": "+1.049 0.0215",
                "momentum − sgd": "+0.704 0.1855",
            },
        ),
        (
            "10",
            {
                "adam − momentum": "+0.030 0.7559",
                "adam − sgd": "+0.887 0.0020",
                "momentum − sgd": "+0.857 0.0020",
            },
        ),
    ],
)
def test_the_deepobs_table(last: str, expected: dict[str, str]) -> None:
    table = needs.deepobs()
    status, printed, _ = run(table, "--last", last)
    assert status == 0
    for pair, figures in expected.items():
        (row,) = [line.split() for line in printed.splitlines() if line.strip().startswith(f"{pair} ")]
        difference, p = figures.split()
        assert (row[3], row[7]) == (difference, p)


def test_a_narrow_terminal_loses_no_figure(
    write: Callable[[pd.DataFrame], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    assert "…" not in run(write(results(adam=0.02, sgd_with_nesterov_momentum=0.0)))[1]


def test_the_deepobs_means() -> None:
    found = judge_results(needs.deepobs())
    shown = {one.optimizer: (round(100 * one.mean, 2), round(100 * (one.deviation or 0), 2)) for one in found.scores}
    assert shown == {"adam": (84.75, 0.35), "momentum": (84.41, 0.64), "sgd": (83.71, 1.21)}


# --- what is compared ------------------------------------------------------------------------------------


def test_each_outcome_is_printed(write: Callable[[pd.DataFrame], Path]) -> None:
    path = write(results(adam=0.02, momentum=0.02, sgd=0.0))
    status, printed, _ = run(path, "--margin", "0.005")
    assert status == 0
    assert "adam is better than sgd" in printed
    assert "adam and momentum do not differ by more than the margin" in printed
    assert run(path, "--lower-is-better")[1].count("adam is worse than sgd") == 1


def test_p_is_every_sign_pattern_and_holm_covers_all_comparisons(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    frame = results(seeds=8, a=0.0, b=0.0005, c=0.001)
    found = judge_results(write(frame))
    scores = frame.pivot_table(index="seed", columns="optimizer", values="test_accuracy")
    expected = []
    for a, b in itertools.combinations("abc", 2):
        whole = ((scores[a] - scores[b]) * 10_000).round().astype(int).to_numpy()
        signs = np.array(list(itertools.product((1, -1), repeat=8)))
        expected.append(float(np.mean(np.abs(signs @ whole) >= abs(whole.sum()))))
    raw = [entry.comparison.p for entry in found.judged if entry.comparison is not None]
    assert raw == pytest.approx(expected)
    smallest = min(range(3), key=raw.__getitem__)
    assert found.judged[smallest].corrected_p == pytest.approx(min(1, 3 * raw[smallest]))


def test_a_baseline_stands_on_the_right(write: Callable[[pd.DataFrame], Path]) -> None:
    found = judge_results(write(results(adam=0.02, momentum=0.02, sgd=0.0)), baseline="momentum")
    assert [(entry.a.optimizer, entry.b.optimizer) for entry in found.judged] == [
        ("adam", "momentum"),
        ("sgd", "momentum"),
    ]


def test_rows_may_come_in_any_order(write: Callable[[pd.DataFrame], Path]) -> None:
    frame = results(adam=0.002, sgd=0.0)
    in_order = run(write(frame), "--json")[1]
    assert run(write(frame.sample(frac=1, random_state=1)), "--json")[1] == in_order


def test_problems_are_compared_apart_and_corrected_together(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    both = pd.concat(results(adam=0.02, sgd=0.0).assign(problem=name) for name in ("digits", "cifar10"))
    found = judge_results(write(both))
    assert [entry.a.problem for entry in found.judged] == ["cifar10", "digits"]
    assert [entry.corrected_p for entry in found.judged] == [4 / 1024, 4 / 1024]
    assert "On digits: adam is better than sgd" in run(write(both))[1]


def test_the_last_epochs_are_averaged(write: Callable[[pd.DataFrame], Path]) -> None:
    frame = pd.concat(
        results(adam=0.02, sgd=0.0).assign(epoch=e, test_accuracy=lambda f, e=e: f.test_accuracy + e / 100)
        for e in range(4)
    )
    one, two = judge_results(write(frame)), judge_results(write(frame), last=2)
    assert one.scores[0].mean - two.scores[0].mean == pytest.approx(0.005)


def test_the_learning_rate_with_the_most_seeds(write: Callable[[pd.DataFrame], Path]) -> None:
    searched = results(seeds=3, adam=-0.3, sgd=-0.3).assign(learning_rate=0.1)
    final = results(adam=0.02, sgd=0.0).assign(learning_rate=[0.001] * 10 + [0.01] * 10)
    found = judge_results(write(pd.concat([searched, final])))
    assert [one.learning_rate for one in found.scores] == [0.001, 0.01]
    assert all(len(one.seeds) == 10 for one in found.scores)


def test_a_loss_is_better_lower(write: Callable[[pd.DataFrame], Path]) -> None:
    frame = results(adam=0.02, sgd=0.0).rename(columns={"test_accuracy": "valid_loss"})
    found = judge_results(write(frame))
    assert not found.higher_is_better
    assert found.judged[0].conclusion == "worse"
    assert " pp" not in run(write(frame))[1]


def test_json_is_json_and_repeats(write: Callable[[pd.DataFrame], Path]) -> None:
    path = write(results(adam=0.02, momentum=0.02, sgd=0.0))
    first = run(path, "--json", "--margin", "0.005")[1]
    assert run(path, "--json", "--margin", "0.005")[1] == first
    items = json.loads(first, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))
    pair = items["comparisons"][1]
    assert (pair["a"], pair["b"], pair["outcome"]) == ("adam", "sgd", "better")
    assert pair["p"] == 2 / 1024
    assert pair["difference_points"] == pytest.approx(100 * pair["difference"])
    assert items["ranking"]["blocks"] == 10


def test_too_few_seeds_for_so_many_comparisons_is_said(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    found = judge_results(write(results(seeds=5, adam=0.1, sgd=0.0)))
    assert found.judged[0].conclusion == "inconclusive"
    assert "smallest possible p is 0.0625" in found.notes[0]


def test_equal_results_are_no_error(write: Callable[[pd.DataFrame], Path]) -> None:
    frame = results(adam=0.0, sgd=0.0, rmsprop=0.0).assign(test_accuracy=0.5)
    found = judge_results(write(frame), margin=0.001)
    assert {entry.conclusion for entry in found.judged} == {"no meaningful difference"}
    assert found.judged[0].comparison is not None
    assert found.judged[0].comparison.p == 1.0
    assert found.ranking is None


# --- which metric ----------------------------------------------------------------------------------------


def test_test_accuracy_is_preferred(write: Callable[[pd.DataFrame], Path]) -> None:
    assert judge_results(write(results(adam=0.1, sgd=0.0).assign(test_loss=1.0))).metric == "test_accuracy"


def test_a_mistyped_metric_gets_a_suggestion(write: Callable[[pd.DataFrame], Path]) -> None:
    with pytest.raises(ResultsError, match="did you mean 'test_accuracy'"):
        judge_results(write(results(adam=0.1, sgd=0.0)), metric="test_acuracy")


# --- never a made-up p -----------------------------------------------------------------------------------


def with_cell(row: int, column: str, value: object) -> pd.DataFrame:
    frame = results(adam=0.02, sgd=0.0).assign(learning_rate=0.1, epoch=1).astype(object)
    frame.loc[row, column] = value
    return frame


REFUSED = {
    "NaN": (with_cell(3, "test_accuracy", "nan"), "line 5: test_accuracy is nan (first: adam, seed 3)"),
    "missing value": (with_cell(12, "test_accuracy", ""), "line 14: test_accuracy is nan"),
    "infinite": (with_cell(3, "test_accuracy", "inf"), "line 5: test_accuracy is inf"),
    "no number": (with_cell(3, "epoch", "last"), "line 5: epoch is 'last'"),
    "no seed": (with_cell(0, "seed", ""), "line 2: seed is missing"),
    "no learning rate": (with_cell(0, "learning_rate", ""), "line 2: learning_rate is missing"),
    "duplicate": (with_cell(4, "seed", 3), "lines 5 and 6: rows of the same run (optimizer adam, seed 3"),
    "missing epoch": (
        with_cell(4, "epoch", 0),
        "adam, seed 4, has no row for epoch 1",
    ),
    "one optimizer": (results(adam=0.1), "only one optimizer (adam)"),
    "single seeds": (results(seeds=1, adam=0.1, sgd=0.0), "adam has a single seed"),
    "tied learning rates": (
        pd.concat(results(adam=0.1, sgd=0.0).assign(learning_rate=rate) for rate in (0.1, 0.01)),
        "adam has 2 learning rates with 10 seeds each (0.01 and 0.1)",
    ),
    "no optimizer": (results(adam=0.1, sgd=0.0).drop(columns="optimizer"), "no column 'optimizer'"),
    "no metric": (results(adam=0.1, sgd=0.0).drop(columns="test_accuracy"), "no metric"),
    "no rows": (results(adam=0.1).head(0), "but no rows"),
    "disjoint problems": (
        results(adam=0.1, sgd=0.0).assign(problem=["one"] * 10 + ["other"] * 10),
        "share a problem",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(write: Callable[[pd.DataFrame], Path], name: str) -> None:
    frame, words = REFUSED[name]
    status, printed, message = run(write(frame))
    assert status == 2
    assert words in message
    assert printed == ""


@pytest.mark.parametrize("metric", ["test_accuracy", "f1"])
def test_a_word_among_the_numbers(write: Callable[[pd.DataFrame], Path], metric: str) -> None:
    frame = with_cell(3, "test_accuracy", "diverged").rename(columns={"test_accuracy": metric})
    assert f"line 5: {metric} is 'diverged'" in run(write(frame))[2]
    assert run(write(frame.assign(hours=1.0)))[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--last", "0"], "--last is 0"),
        (["--last", "3"], "needs a column epoch"),
        (["--margin", "-1"], "--margin is -1"),
        (["--margin", "0.5"], "For 0.5 percentage points give --margin 0.005"),
        (["--baseline", "adan"], "did you mean 'adam'"),
        (["--metric", "seed"], "no metric 'seed'"),
    ],
)
def test_options_out_of_range(write: Callable[[pd.DataFrame], Path], arguments: list[str], words: str) -> None:
    status, printed, message = run(write(results(adam=0.1, sgd=0.0)), *arguments)
    assert (status, printed) == (2, "")
    assert words in message


def test_more_epochs_than_there_are(write: Callable[[pd.DataFrame], Path]) -> None:
    path = write(results(adam=0.1, sgd=0.0).assign(epoch=1))
    assert "more than the 1 epoch" in run(path, "--last", "2")[2]


def test_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, one_message():
        judge_results(tmp_path / "absent.csv")
    assert caught.value.code == 2
    assert "absent.csv: no such file" in capsys.readouterr().err


def test_an_untestable_pair_leaves_the_others_their_answer(
    write: Callable[[pd.DataFrame], Path],
) -> None:
    frame = pd.concat([results(adam=0.02, sgd=0.0), results(seeds=1, muon=0.0)])
    status, printed, _ = run(write(frame))
    assert status == 0
    assert "adam and muon were not tested: muon has a single seed" in printed
    assert "adam is better than sgd" in printed
    (pair,) = [
        c for c in json.loads(run(write(frame), "--json")[1])["comparisons"] if c["b"] == "muon" and c["a"] == "adam"
    ]
    assert (pair["p"], pair["p_holm"], pair["outcome"]) == (None, None, "not tested")
