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
from tests.recommended import whole

if TYPE_CHECKING:
    from pathlib import Path


MADE = Recommendations(
    problems={
        "digits": whole("Digits", 7, "best", "no meaningful difference", "worse"),
        "cifar10": whole("CIFAR-10", 5, "best", "inconclusive", "inconclusive", "worse"),
    }
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with results."""
    monkeypatch.chdir(tmp_path)
    MADE.write()
    return tmp_path


def run(*arguments: str) -> str:
    return CliRunner().invoke(app, ["recommend", *arguments], catch_exceptions=False).stdout


def test_every_problem_has_a_line_per_budget_and_a_sentence() -> None:
    text = run()
    assert len([line for line in text.splitlines() if " all (" in line]) == len(MADE.problems)
    for problem in MADE.problems.values():
        assert f"{problem.title}: A after 1 trial, after 3 trials and after the whole search." in text
    assert "Source: results/recommendations.json" in text


def test_one_problem_shows_all_that_are_not_worse() -> None:
    text = run("--problem", "cifar10", "--budget", "5")
    table = text.partition("CIFAR-10: ")[0]
    assert [line.split()[2] for line in table.splitlines() if "all (5)" in line] == ["A", "B", "C"]
    assert "not told apart" in table


def test_json_is_laid_out_as_the_file() -> None:
    content = json.loads(run("--problem", "digits", "--budget", "2", "--json"))
    assert content["schema"] == Recommendations.SCHEMA
    found = Recommendations.model_validate({"problems": content["problems"]})
    assert found == recommend("digits", 2)
    assert [budget.trials for budget in found.problems["digits"].budgets] == [2]


def test_a_budget_beyond_the_searches_has_no_evidence() -> None:
    text = run("--budget", "99")
    assert text.count("no evidence") == 2 * len(MADE.problems)
    assert "trials at most" in text


def test_a_wrong_problem_or_budget_is_one_sentence() -> None:
    with pytest.raises(UserError, match=r"no problem 'cifar1O'; did you mean 'cifar10'\? Allowed: "):
        recommend("cifar1O")
    with pytest.raises(UserError, match="--budget is 0, at least 1"):
        recommend(budget=0)
    done = command("-m", "pipeline", "recommend", "--problem", "digit")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the study has no problem 'digit'; did you mean 'digits'?")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True, env=environment)


def test_damaged_results_are_one_sentence(folder: Path) -> None:
    (folder / Recommendations.PATH).write_text("{")
    with pytest.raises(DataError, match="not valid JSON"):
        recommend()


def test_a_folder_without_results_is_told_those_of_the_program(folder: Path) -> None:
    (folder / Recommendations.PATH).unlink()
    assert recommend() == Recommendations.read(ROOT / Recommendations.PATH).at()
    assert f"Source: {ROOT / Recommendations.PATH}" in run()


def test_it_loads_no_large_library() -> None:
    code = (
        "import sys; from pipeline.__main__ import app; app(['recommend'], standalone_mode=False); print(*sys.modules)"
    )
    done = command("-c", code)
    assert done.returncode == 0, done.stderr
    assert {"torch", "mlflow", "pandas", "scipy", "matplotlib", "numpy"}.isdisjoint(done.stdout.split())
