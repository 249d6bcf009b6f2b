"""Comparisons of real trainings of the digits."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.project.errors import UserError
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
        assert len(side["tried"]) >= 3
        assert not side["on_edge"]
        assert len(side["scores"]) == 2
        assert side["mean"] == pytest.approx(sum(side["scores"]) / 2)
        assert side["learning_rate"] in [tried["learning_rate"] for tried in side["tried"]]
    assert found["difference"] == pytest.approx(found["optimizer"]["mean"] - found["baseline"]["mean"], abs=1e-6)
    assert found["optimizer"]["state_bytes_per_parameter"] == pytest.approx(4, rel=0.01)
    assert found["baseline"]["state_bytes_per_parameter"] == pytest.approx(8, rel=0.01)
    assert found["step_time_ratio"]["median"] > 0
    assert found["trainings"]["known"] == 0


def test_two_seeds_prove_nothing_and_the_sentence_says_so(first: Compared) -> None:
    _, found = first
    assert found["conclusion"] == "inconclusive"
    assert found["sentence"].startswith("Whether Lion or Adam is better on Handwritten digits stays open: ")
    assert found["sentence"].endswith("; with 2 seeds no p can be below 0.5, so more seeds are needed.")


def test_nothing_is_written_but_data_the_memo_and_the_picture(first: Compared) -> None:
    folder, _ = first
    places = {name.split("/")[0] for name in folder.files()}
    assert places == {".memo", "data", "lion.py", "lion.svg", "params.yaml"}


def test_an_argument_and_another_baseline_whose_trainings_are_known(compared: Compared) -> None:
    folder, before = compared
    known = len(before["optimizer"]["tried"]) + len(before["optimizer"]["scores"])
    memo = folder.memo()
    done = folder.compare("Adam", "--arg", "betas=0.8,0.9", "--against", "lion.py:Lion")
    assert done.stdout.strip().splitlines()[-1].startswith("Whether Adam (betas=[0.8, 0.9]) or Lion is better on")
    assert f"{known} of them known already. The others take about" in done.stderr
    assert "Adam (betas=[0.8, 0.9]) on digits, search 1 of 3: learning rate" in done.stderr
    assert "Lion on digits, final trainings: 2 of 2 were known already" in done.stderr
    fresh = len(re.findall(r": learning rate \S+, seed", done.stderr))
    # and what was measured on the test examples
    assert len(folder.memo() - memo) == fresh + 1


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


def test_an_interrupted_comparison_keeps_what_is_finished(folder: Folder) -> None:
    command = [sys.executable, "-m", "pipeline", "compare", "lion.py:Lion"]
    environment = {**clean_environment(), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=folder.path, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        lines = [next(line for line in process.stderr if "search 1 of" in line)]
        os.killpg(process.pid, signal.SIGINT)
        lines += process.stderr.readlines()
    assert process.returncode == 130
    assert lines[-1] == "interrupted: finished trainings are kept; the same command goes on from here\n"
    assert "Traceback" not in "".join(lines)
    assert folder.memo()
