"""Ctrl-C, typed at a terminal, ends everything in one line at every moment."""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pipeline.results.other_seeds import OtherSeeds
from tests.conftest import Project, copy_project
from tests.faults.terminals import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = "interrupted: finished trainings are kept; the same command goes on from here"
STAGE = [sys.executable, "-m", "stages.tune", "adam"]
RUN = [sys.executable, "-m", "pipeline", "run"]
MOMENTS = 20


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("interrupts") / "project")
    project.run("python", "-m", "stages.prepare", "digits")
    return project


def fresh(project: Project) -> None:
    """Let the next run train everything again."""
    made = [path for path in (project.folder / "results").iterdir() if path.name != OtherSeeds.PATH.name]
    names = ("runs", ".memo", "models", "reports", "dvc.lock", ".dvc/tmp", ".dvc/cache")
    for path in [*made, *(project.folder / name for name in names)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def check_ended(terminal: Terminal) -> None:
    status, said = terminal.end(), terminal.said()
    assert "Traceback" not in said, said
    assert said.count(LINE) == 1, said
    assert status == 130, said
    end = time.monotonic() + 10
    while terminal.members() and time.monotonic() < end:
        time.sleep(0.1)
    assert [one.cmdline() for one in terminal.members()] == []


@pytest.mark.parametrize(
    "moment",
    [
        lambda terminal, project: terminal.has_mapped("libtorch_cpu.so"),
        lambda terminal, project: any((project.folder / ".memo").rglob("*.safetensors")),
    ],
    ids=["torch is imported", "a training is done"],
)
def test_a_stage_ends_in_one_line(moment: Callable[[Terminal, Project], bool], prepared: Project) -> None:
    fresh(prepared)
    with closing(Terminal(STAGE, prepared.folder)) as terminal:
        assert terminal.wait_for(lambda: moment(terminal, prepared)), terminal.said()
        terminal.ctrl_c()
        check_ended(terminal)


@pytest.mark.slow
@pytest.mark.parametrize("command", [STAGE, RUN], ids=["stage", "run"])
def test_ctrl_c_is_one_line_at_twenty_moments(command: list[str], prepared: Project) -> None:
    whole = 0.0
    # the first one also compiles, which takes most of its time
    for _ in range(2):
        fresh(prepared)
        began = time.monotonic()
        with closing(Terminal(command, prepared.folder)) as terminal:
            assert terminal.end() == 0, terminal.said()
        whole = time.monotonic() - began
    reached = 0
    # again where a moment fell outside the run: how long it takes depends on what else the machine does
    for moment in [*range(MOMENTS), *range(MOMENTS)]:
        if reached == MOMENTS:
            break
        fresh(prepared)
        with closing(Terminal(command, prepared.folder)) as terminal:
            terminal.wait_for(lambda: False, whole * (moment + 0.3) / MOMENTS)
            if terminal.process.poll() is not None:
                continue  # this time it was quicker
            terminal.ctrl_c()
            terminal.end()
            if "/pipeline/" not in terminal.said() and "<frozen runpy>" in terminal.said():
                continue  # Python itself was starting: nothing of ours was imported yet
            if terminal.process.returncode == 0:
                continue  # all was written already
            reached += 1
            check_ended(terminal)
    assert reached >= MOMENTS * 3 // 4
