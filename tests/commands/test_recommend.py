"""What to use, in the terminal and from a notebook."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from pipeline.__main__ import app
from pipeline.commands.recommend.recommending import recommend
from pipeline.project.errors import DataError, UserError
from pipeline.results.recommendations import Recommendations
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*arguments: str) -> str:
    return CliRunner().invoke(app, ["recommend", *arguments], catch_exceptions=False).stdout


def test_every_problem_has_a_line_per_budget_and_a_sentence() -> None:
    found = Recommendations.read()
    text = run()
    lines = [line for line in text.splitlines() if " all (" in line]
    assert len(lines) == len(found.problems)
    for problem in found.problems.values():
        assert f"{problem.title}: " in text
    assert "Source: results/recommendations.json" in text


def test_one_problem_shows_all_that_are_not_clearly_worse() -> None:
    problem = Recommendations.read().problems["visual_words"]
    text = run("--problem", "visual_words", "--budget", str(len(problem.budgets)))
    shown = [choice.optimizer for choice in problem.budgets[-1].choices if choice.standing != "worse"]
    table = text.partition(f"{problem.title}: ")[0]
    assert all(problem.candidates[name].label in table for name in shown)
    assert table.count("all (") == len(shown)


def test_json_is_laid_out_as_the_file() -> None:
    content = json.loads(run("--problem", "digits", "--budget", "2", "--json"))
    assert content["schema"] == Recommendations.SCHEMA
    found = Recommendations.model_validate({"problems": content["problems"]})
    assert found == recommend("digits", 2)
    assert [budget.trials for budget in found.problems["digits"].budgets] == [2]


def test_a_budget_beyond_the_searches_has_no_evidence() -> None:
    text = run("--budget", "99")
    assert text.count("no evidence") == 2 * len(Recommendations.read().problems)
    assert "trials at most" in text


def test_a_wrong_problem_or_budget_is_one_sentence() -> None:
    with pytest.raises(UserError, match=r"no problem 'cifar1O'; did you mean 'cifar10'\? Allowed: "):
        recommend("cifar1O")
    with pytest.raises(UserError, match="--budget is 0, at least 1"):
        recommend(budget=0)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "recommend", "--problem", "digit"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the study has no problem 'digit'; did you mean 'digits'?")


def test_damaged_results_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    Recommendations.PATH.write_text("{")
    with pytest.raises(DataError, match="not valid JSON"):
        recommend()


def test_a_folder_without_results_is_told_those_of_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert recommend() == Recommendations.read(ROOT / Recommendations.PATH).at()
    assert f"Source: {ROOT / Recommendations.PATH}" in run()


def test_it_loads_no_large_library() -> None:
    code = (
        "import sys; from pipeline.__main__ import app; app(['recommend'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "mlflow", "pandas", "scipy", "matplotlib", "numpy"}.isdisjoint(done.stdout.split())
