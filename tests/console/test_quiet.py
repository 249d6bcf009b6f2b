"""A run's output is its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline import __main__ as command_line
from pipeline.console import quiet

if TYPE_CHECKING:
    from tests.conftest import Project

_WARNS = "import warnings; from pipeline.console import quiet; quiet.hush(); warnings.warn('look here')"
_ITS_CHILD_WARNS = (
    "import subprocess, sys; from pipeline.console import quiet; quiet.hush();"
    "subprocess.run([sys.executable, '-c', 'import warnings; warnings.warn(\"look here\")'], check=True)"
)

_SHOWN = "MLflow: run sgd, in the experiment digits; `make ui` shows it"


@pytest.mark.parametrize(
    ("stage", "own"),
    [
        (("train", "sgd"), rf"train sgd: \d+/\d+ trainings, .*|sgd on digits: .*|{_SHOWN}"),
        (("evaluate",), r"evaluate: \d+/\d+ optimizers, .*|digits: .*"),
        (("compare",), r"compare.*"),
    ],
)
def test_a_stage_says_what_it_has_to_say_and_nothing_else(study: Project, stage: tuple[str, ...], own: str) -> None:
    shutil.rmtree(study.folder / ".memo")
    name, *arguments = stage
    done = study.run("python", "-m", f"stages.{name}", *arguments)
    lines = re.split(r"[\r\n]+", done.stdout + done.stderr)
    assert [line for line in lines if line and not re.fullmatch(own, line)] == []


@pytest.mark.parametrize("code", [_WARNS, _ITS_CHILD_WARNS])
@pytest.mark.parametrize("wanted", ["", "1"])
def test_warnings_of_others_are_shown_on_demand(code: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in quiet.QUIET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(quiet.VARIABLE, wanted)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("look here" in done.stderr) is bool(wanted)


def test_the_switch_reaches_every_process_and_telemetry_stays_off(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*quiet.QUIET, quiet.VARIABLE):
        # set first, so that its absence is restored even where the command sets it
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    command_line.everything(verbose=True)
    assert quiet.verbose()
    assert os.environ["DO_NOT_TRACK"] == "true"
    assert "PYTHONWARNINGS" not in os.environ
