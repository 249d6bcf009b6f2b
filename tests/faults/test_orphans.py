"""Nothing works on, unseen, when what started it is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.conftest import ROOT, copy_project

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# A stage at work; that a pool's workers end with their stage is tested in tests/running/test_trainings.py
STAGE = """
import sys, time
sys.argv[0] = "-m"
import stages
open("works", "w").close()
time.sleep(600)
"""
# What DVC is to its stages: a process without DVC_STAGE that starts others with it, through a shell
DVC = """
import os, subprocess, sys
command = ["sh", "-c", '"$0" "$1"; true', sys.executable, sys.argv[1]]
variables = {"DVC_STAGE": "tune@adam"} if sys.argv[2] == "dvc" else {"_PIPELINE_RUN": str(os.getpid())}
subprocess.run(command, env={**os.environ, **variables})
"""


def _until(condition, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    # one that has ended stays a zombie until somebody asks for its status
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("killed", ["dvc", "run"])
def test_a_stage_ends_with_what_started_it(killed: str, tmp_path: Path) -> None:
    script = tmp_path / "stage.py"
    script.write_text(STAGE)
    process = subprocess.Popen(
        [sys.executable, "-c", DVC, str(script), killed], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    found: set[psutil.Process] = set()

    def all_there() -> bool:
        found.update(psutil.Process(process.pid).children(recursive=True))
        # the shell and the stage
        return (tmp_path / "works").exists()

    try:
        assert _until(all_there, 60)
        time.sleep(2)
        assert process.poll() is None
        process.kill()
        process.wait()
        assert _until(lambda: not _alive(found), 60), [one.cmdline() for one in _alive(found)]
    finally:
        process.kill()
        process.wait()
        for one in found:
            if one.is_running():
                one.kill()


@pytest.mark.slow
def test_a_killed_dvc_takes_its_stage_along_and_the_next_run_goes_on(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    command = ["dvc", "repro"]
    with subprocess.Popen(command, cwd=project.folder, env={**os.environ}, start_new_session=True) as process:
        memo = project.folder / ".memo"
        assert _until(lambda: any(memo.rglob("*.safetensors")), 240)
        found = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
    assert _until(lambda: not _alive(found), 60), [one.cmdline() for one in _alive(found)]
    kept = {path: path.stat().st_mtime_ns for path in memo.rglob("*.safetensors")}
    assert "Traceback" not in project.dvc("repro").stderr
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "no finished training was repeated"
