from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.commands.judge import shown
from pipeline.commands.judge.judgement import judge_results
from tests.commands.judge.made_up import results

if TYPE_CHECKING:
    import pandas as pd


def unpaired(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="seed")


def test_a_frame_of_the_comparisons() -> None:
    found = judge_results(results(adam=0.02, momentum=0.02, sgd=0.0), margin=0.005)
    frame = found.to_frame()
    assert frame[["a", "b", "conclusion"]].to_numpy().tolist() == [
        ["adam", "momentum", "no meaningful difference"],
        ["adam", "sgd", "better"],
        ["momentum", "sgd", "better"],
    ]
    assert frame.p.tolist() == [entry.comparison.p for entry in found.judged if entry.comparison]
    assert (frame.low < frame.difference).all()
    assert frame.paired.all()


def test_a_frame_says_what_was_not_tested() -> None:
    import pandas as pd

    frame = judge_results(pd.concat([results(adam=0.02, sgd=0.0), results(seeds=1, muon=0.0)])).to_frame()
    row = frame[frame.b == "muon"].iloc[0]
    assert row.isna().p
    assert "single seed" in row.reason


def test_a_notebook_shows_what_the_command_prints() -> None:
    html = judge_results(results(adam=0.02, sgd=0.0))._repr_html_()
    assert "adam is better than sgd" in html
    assert html.count("<table>") == 2


def test_markup_in_names_stays_text() -> None:
    frame = results(adam=0.02, sgd=0.0).replace({"optimizer": {"sgd": "<b>x</b>", "adam": "Adam* [red]"}})
    found = judge_results(frame)
    assert "<b>" not in found._repr_html_()
    assert "&lt;b&gt;x&lt;/b&gt;" in found._repr_html_()
    assert "Adam* [red]" in " ".join(shown.remarks(found))


@pytest.mark.parametrize("change", [lambda frame: frame, unpaired], ids=["paired", "unpaired"])
def test_json_has_the_documented_keys(change: object) -> None:
    items = shown.as_items(judge_results(change(results(adam=0.02, sgd=0.0)), margin=0.005))  # type: ignore[operator]
    assert json.loads(json.dumps(items, allow_nan=False)) == items
    assert list(items) == [
        *("understood", "metric", "higher_is_better", "epochs_averaged", "margin"),
        *("optimizers", "comparisons", "ranking", "notes"),
    ]
    assert list(items["comparisons"][0]) == [
        *("problem", "a", "b", "paired", "test", "runs_a", "runs_b", "difference", "difference_points", "interval"),
        *("p", "p_holm", "probability_of_improvement", "outcome", "sentence"),
    ]


def test_percent_is_for_whole_words() -> None:
    frame = results(adam=0.02, sgd=0.0)
    assert "in percent" in shown.headline(judge_results(frame))
    for name in ("accumulated_regret", "f1"):
        headline = shown.headline(judge_results(frame.rename(columns={"test_accuracy": name})))
        assert "in percent" not in headline


def test_a_fraction_as_margin_of_percent_values_is_told() -> None:
    frame = results(adam=0.02, sgd=0.0)
    found = judge_results(frame.assign(test_accuracy=100 * frame.test_accuracy), margin=0.005)
    assert (
        "a margin of 0.005 is 0.005 percentage points. For 0.5 percentage points give --margin 0.5." in found.notes[-1]
    )
