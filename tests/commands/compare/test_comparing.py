"""Comparisons of real trainings of the digits."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.project import paths
from pipeline.project.errors import UserError
from tests import yaml_text
from tests.conftest import ROOT, clean_environment

if TYPE_CHECKING:
    from tests.commands.compare.conftest import Folder

Compared = tuple["Folder", dict[str, Any]]

# the process that has made the first comparison
pytestmark = pytest.mark.xdist_group("compared")


def test_an_optimizer_from_a_file_is_tuned_and_judged_as_the_baseline_is(first: Compared) -> None:
    _, found = first
    assert found["optimizer"]["class"] == "lion.py:Lion"
    assert found["baseline"]["name"] == "adam"
    assert found["problem"] == "digits"
    assert found["seeds"] == [1, 2]
    for side in (found["optimizer"], found["baseline"]):
        # the default setting is shown, and never chosen
        assert [tried["number"] for tried in side["tried"]] == [None, *range(side["trials"])]
        ranks = {tried["survivor"]: tried["learning_rate"] for tried in side["tried"]}
        assert [setting["learning_rate"] for setting in side["survivors"]] == [ranks[0], ranks[1]]
        assert set(side["picked"]) <= {0, 1}
        assert len(side["picked"]) == len(side["scores"]) == 2
        assert side["mean"] == pytest.approx(sum(side["scores"]) / 2)
    assert found["optimizer"]["search"] == {"learning_rate": {"log_uniform": [9.49e-05, 0.0949]}}
    assert set(found["baseline"]["search"]) == {"learning_rate", "beta1", "eps"}
    assert found["difference"] == pytest.approx(found["optimizer"]["mean"] - found["baseline"]["mean"], abs=1e-6)
    assert found["optimizer"]["state_bytes_per_parameter"] == pytest.approx(4, rel=0.01)
    assert found["baseline"]["state_bytes_per_parameter"] == pytest.approx(8, rel=0.01)
    assert found["step_time_ratio"]["median"] > 0
    assert found["trainings"]["known"] == 0


def test_two_seeds_prove_nothing_and_the_sentence_says_so(first: Compared) -> None:
    _, found = first
    assert found["conclusion"] == "inconclusive"
    assert found["sentence"].startswith("Whether Lion or Adam is better on Handwritten digits stays open: ")
    assert found["sentence"].endswith("2 paired seeds). More seeds: with fewer than 6 no two can be shown to be alike.")


def test_nothing_is_written_but_data_the_memo_and_the_picture(first: Compared) -> None:
    folder, _ = first
    places = {name.split("/")[0] for name in folder.files()}
    assert places == {".memo", "data", "lion.py", "lion.svg", "params.yaml"}


def test_an_argument_and_another_baseline_whose_trainings_are_known(compared: Compared) -> None:
    folder, before = compared
    known = len(before["optimizer"]["tried"]) + 4
    memo = folder.memo()
    done = folder.compare("Adam", "--arg", "betas=0.8,0.9", "--against", "lion.py:Lion")
    assert done.stdout.strip().splitlines()[-1].startswith("Whether Adam (betas=[0.8, 0.9]) or Lion is better on")
    assert f"{known} of them known already. The others take about" in done.stderr
    assert "Adam (betas=[0.8, 0.9]) on digits, search 1 of 4: learning rate" in done.stderr
    assert "Lion on digits, final trainings: 4 of 4 were known already" in done.stderr
    fresh = len(re.findall(r": learning rate \S+, seed", done.stderr))
    # and what was measured on the test examples
    assert len(folder.memo() - memo) == fresh + 1


def test_two_that_do_the_same_are_not_compared(compared: Compared) -> None:
    folder, _ = compared
    (folder.path / "again.py").write_text((folder.path / "lion.py").read_text(encoding="utf-8"), encoding="utf-8")
    found = folder.found("again.py:Lion", "--against", "lion.py:Lion")
    assert found["conclusion"] == "not tested"
    assert found["p"] is None
    assert found["sentence"] == (
        "Lion was not compared with Lion 2 on Handwritten digits: "
        "Lion on Handwritten digits is the same as Lion 2 in every seed."
    )


def test_a_file_that_was_moved_is_the_same_optimizer(compared: Compared) -> None:
    folder, before = compared
    (folder.path / "mine").mkdir()
    (folder.path / "lion.py").rename(folder.path / "mine" / "lion.py")
    found = folder.found("mine/lion.py:Lion")
    assert found["trainings"]["known"] == found["trainings"]["all"]
    assert found["optimizer"]["class"] == "mine/lion.py:Lion"
    assert found["optimizer"]["scores"] == before["optimizer"]["scores"]


def test_an_error_that_only_comes_late_in_a_training_names_the_line_of_the_file(folder: Folder) -> None:
    text = (folder.path / "lion.py").read_text(encoding="utf-8")
    (folder.path / "late.py").write_text(
        text.replace(
            "        for group",
            "        self.n = getattr(self, 'n', 0) + 1\n        1 / max(0, 90 - self.n)\n        for group",
        ),
        encoding="utf-8",
    )
    with pytest.raises(UserError, match=r"^late.py:Lion cannot step: line \d+: ZeroDivisionError: division by zero\.$"):
        folder.compare("late.py:Lion")


def test_an_interrupted_comparison_of_a_small_budget_keeps_what_is_finished(folder: Folder) -> None:
    content = yaml_text.load(paths.PARAMS.read_text(encoding="utf-8"))
    content["tuning"].update(points=8, survivors=3)
    content["training"]["seeds"] = 7
    paths.PARAMS.write_text(yaml_text.dump(content), encoding="utf-8")
    command = [sys.executable, "-m", "pipeline", "compare", "lion.py:Lion"]
    environment = {**clean_environment(), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=folder.path, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        lines: list[str] = []
        while "search 1 of" not in "".join(lines):
            lines.append(process.stderr.readline())
        os.killpg(process.pid, signal.SIGINT)
        lines += process.stderr.readlines()
    assert process.returncode == 130
    assert lines[-1] == "interrupted: finished trainings are kept; the same command goes on from here\n"
    assert "Traceback" not in "".join(lines)
    small = "38 trainings (for each a search of 6 points, and the best 2 of them with 6 seeds), 0 of them known"
    assert small in "".join(lines)
    assert folder.memo()
