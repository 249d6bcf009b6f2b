"""Comparisons of real trainings of the digits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import ROOT, clean_environment

if TYPE_CHECKING:
    from tests.commands.compare.conftest import Folder

Compared = tuple["Folder", dict[str, Any]]


def test_an_optimizer_from_a_file_is_tuned_and_judged_as_the_baseline_is(compared: Compared) -> None:
    _, found = compared
    assert found["optimizer"]["class"] == "lion.py:Lion"
    assert found["baseline"]["name"] == "adam"
    assert found["problem"] == "digits"
    assert found["seeds"] == [1, 2]
    for side in (found["optimizer"], found["baseline"]):
        assert len(side["tried"]) in (3, 4)
        assert len(side["scores"]) == 2
        assert side["mean"] == pytest.approx(sum(side["scores"]) / 2)
        assert side["learning_rate"] in [tried["learning_rate"] for tried in side["tried"]]
    difference = found["optimizer"]["mean"] - found["baseline"]["mean"]
    assert found["difference"] == pytest.approx(difference, abs=1e-6)
    assert found["optimizer"]["state_bytes_per_parameter"] == pytest.approx(4, rel=0.01)
    assert found["baseline"]["state_bytes_per_parameter"] == pytest.approx(8, rel=0.01)
    assert found["step_time_ratio"]["median"] > 0
    assert found["trainings"]["known"] == 0


def test_two_seeds_prove_nothing_and_the_sentence_says_so(compared: Compared) -> None:
    _, found = compared
    assert found["conclusion"] == "inconclusive"
    assert found["sentence"].startswith("Whether Lion or Adam is better on Handwritten digits stays open: ")
    assert found["sentence"].count(". ") == 0


def test_nothing_is_written_but_data_the_memo_and_the_picture(compared: Compared) -> None:
    folder, _ = compared
    places = {name.split("/")[0] for name in folder.files()}
    assert places == {".memo", "data", "lion.py", "lion.svg", "params.yaml"}


def test_no_training_is_repeated(compared: Compared) -> None:
    folder, before = compared
    memo = folder.memo()
    again = folder.found("lion.py:Lion")
    assert folder.memo() == memo
    assert again["trainings"] == {"all": before["trainings"]["all"], "known": before["trainings"]["all"]}
    changed = ("seconds", "trainings", "step_time_ratio", "optimizer", "baseline")
    assert {k: v for k, v in again.items() if k not in changed} == {k: v for k, v in before.items() if k not in changed}
    assert again["optimizer"]["scores"] == before["optimizer"]["scores"]


def test_the_baselines_trainings_serve_every_comparison(compared: Compared) -> None:
    folder, before = compared
    found = folder.found("sgd")
    assert found["optimizer"]["name"] == "sgd"
    assert found["trainings"]["known"] == len(before["baseline"]["tried"]) + len(before["baseline"]["scores"])
    assert found["baseline"]["scores"] == before["baseline"]["scores"]


def test_a_class_of_torch_with_an_argument_and_a_baseline_of_choice(compared: Compared) -> None:
    folder, _ = compared
    done = folder.compare("Adam", "--arg", "betas=0.8,0.9", "--against", "lion.py:Lion")
    assert done.stdout.strip().splitlines()[-1].startswith("Whether Adam (betas=[0.8, 0.9]) or Lion is better on")
    assert "2 of" not in done.stdout
    assert "were known already" in done.stderr


def test_the_first_line_says_what_will_be_done(compared: Compared) -> None:
    folder, before = compared
    said = folder.compare("lion.py:Lion", "--arg", "betas=0.8,0.9", "--learning-rate-centre", "0.001").stderr
    known = len(before["baseline"]["tried"]) + len(before["baseline"]["scores"])
    assert f"{known} of them known already. The others take about" in said
    assert "Lion on digits, search 1 of 3: learning rate" in said
    assert "Lion on digits, final trainings 2 of 2: learning rate" in said


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
