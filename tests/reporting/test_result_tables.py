"""The committed results as tables."""

from __future__ import annotations

import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from pipeline.project.errors import DataError, SettingsError
from pipeline.reporting.result_tables import ResultTables, load_results
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tables() -> ResultTables:
    return load_results(ROOT)


def test_a_row_per_problem_and_optimizer_the_best_first(tables: ResultTables) -> None:
    frame = tables.to_frame()
    assert not frame.duplicated(["problem", "optimizer"]).any()
    for problem, rows in frame.groupby("problem", sort=False):
        assert list(rows["rank"]) == list(range(1, len(rows) + 1))
        by_loss = rows["measure"].iloc[0] == "loss"
        assert rows["test_loss"].is_monotonic_increasing if by_loss else rows["test_accuracy"].is_monotonic_decreasing
        assert set(rows["optimizer"]) == set(tables.results.settings.roster(problem))
    judged_by = frame["test_loss"].where(frame["measure"] == "loss", frame["test_accuracy"])
    assert judged_by.between(frame["low"], frame["high"]).all()


def test_the_runs_have_the_means_of_the_summary(tables: ResultTables) -> None:
    means = tables.runs.groupby(["problem", "optimizer"])["test_accuracy"].mean()
    summed = tables.to_frame().set_index(["problem", "optimizer"])
    both = summed.join(means.rename("of_runs"))
    assert both["of_runs"].to_numpy() == pytest.approx(both["test_accuracy"].to_numpy(), abs=1e-5, nan_ok=True)
    assert not tables.runs.duplicated(["problem", "optimizer", "seed"]).any()
    seeds = tables.runs[tables.runs["problem"] == tables.results.main_problem]["seed"].unique()
    assert list(seeds) == list(tables.results.settings.seeds(tables.results.main_problem))


def test_verdicts_and_costs_have_a_row_each(tables: ResultTables) -> None:
    assert list(tables.verdicts["claim"]) == list(tables.results.verdicts.claims)
    assert tables.verdicts["sentence"].str.endswith((".", ")")).all()
    costs = tables.costs.set_index("optimizer")
    assert costs.loc["sgd", "state_bytes_per_parameter"] == 0
    assert (costs["low"] <= costs["step_ratio"]).all()


@pytest.mark.parametrize("name", ["runs", "curves", "searches", "per_class", "verdicts", "costs"])
def test_a_table_that_is_changed_does_not_change_the_results(tables: ResultTables, name: str) -> None:
    frame = getattr(tables, name)
    before = frame.copy()
    frame[before.columns[0]] = "changed"
    assert getattr(tables, name).equals(before)


class Rows(HTMLParser):
    """Counts rows, and fails where a tag is left open."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.open = 0, list[str]()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.rows += tag == "tr"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_notebook_shows_the_ranking_of_the_main_problem(tables: ResultTables) -> None:
    page = tables._repr_html_()
    parser = Rows()
    parser.feed(page)
    assert not parser.open
    assert parser.rows == 1 + len(tables.results.settings.roster(tables.results.main_problem))
    best = tables.to_frame().iloc[0]
    assert f"<td>{best['label']}</td>" in page
    assert f"<td>{100 * best['test_accuracy']:.1f}</td>" in page
    assert repr(tables) == tables.summary
    assert best["label"] in tables.summary


def test_in_a_folder_that_is_no_project_the_published_results_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: ResultTables
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_results().to_frame().equals(tables.to_frame())
    with pytest.raises(SettingsError, match=r"params.yaml is not in .*optimizer-study init"):
        load_results(".")


def test_a_project_without_results_says_how_to_make_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"results/.* is missing: run `dvc repro` to make it\.$"):
        load_results()
