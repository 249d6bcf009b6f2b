"""MLflow's UI starts, says nothing of its own, and ends with all that it started."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from pipeline.project.errors import UserError
from pipeline.tracking import server
from tests.conftest import ROOT, Project, clean_environment
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SECONDS = 240
_SERVE = """
import sys
from pipeline.project import errors
from pipeline.console import quiet
from pipeline.tracking import server
quiet.hush()
with errors.one_message():
    server.serve("sqlite:///store.db", int(sys.argv[1]), lambda: print("it answers", flush=True))
"""


class Running:
    """A command that was started, its output, and the processes that it starts."""

    def __init__(self, command: list[str], folder: Path, **variables: str) -> None:
        self.output = folder / "output.txt"
        environment = {**clean_environment(), "PYTHONPATH": str(ROOT), **variables}
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
        self._started: set[psutil.Process] = set()

    def wait_for(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + _SECONDS
        while not condition():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)

    def started(self) -> set[psutil.Process]:
        self._started |= set(psutil.Process(self.process.pid).children(recursive=True))
        return self._started

    def end(self, how: signal.Signals) -> int:
        self.started()
        self.process.send_signal(how)
        return self.process.wait(_SECONDS)

    def said(self) -> str:
        return self.output.read_text()

    def left(self) -> list[psutil.Process]:
        """Return what is still there a while later: a process that was killed may take its time to go."""
        return psutil.wait_procs(self._started, timeout=30)[1]

    def kill(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        for process in self.left():
            process.kill()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start the UI on a store of its own; a port, and variables of the environment."""
    running: list[Running] = []

    def start(port: int, **variables: str) -> Running:
        running.append(Running([sys.executable, "-c", _SERVE, str(port)], tmp_path, **variables))
        return running[-1]

    yield start
    for one in running:
        one.kill()


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("how", "seconds"), [(signal.SIGINT, 0.0), (signal.SIGINT, 1.5), (signal.SIGTERM, 0.5), (signal.SIGHUP, 3.0)]
)
def test_a_start_that_is_cut_off_leaves_no_process_and_no_traceback(
    serve: Callable[..., Running], how: signal.Signals, seconds: float
) -> None:
    running = serve(free_port())
    running.wait_for(running.started)
    time.sleep(seconds)
    assert running.end(how) == 0
    assert running.said() == ""
    assert running.left() == []


def test_a_port_that_is_taken_ends_in_one_error_with_the_servers_own_words(
    serve: Callable[..., Running], taken_port: int
) -> None:
    running = serve(taken_port)
    assert running.process.wait(_SECONDS) == 2
    first, *words = running.said().splitlines()
    ended = r"error: the MLflow UI ended by itself, with status \d+"
    assert re.fullmatch(rf"{ended}\. The end of its log, logs/mlflow-ui-{taken_port}\.log:", first)
    assert "address already in use" in "\n".join(words)
    assert 1 <= len(words) <= 5
    assert "Traceback" not in running.said()


def test_its_own_words_are_shown_on_demand(serve: Callable[..., Running], taken_port: int) -> None:
    running = serve(taken_port, PIPELINE_VERBOSE="1")
    assert running.process.wait(_SECONDS) == 2
    assert "address already in use" in running.said()
    assert not (running.output.parent / "logs").exists()


def test_a_port_that_is_taken_is_told_before_any_work(taken_port: int) -> None:
    with pytest.raises(UserError, match=f"port {taken_port} of 127.0.0.1 cannot be used .*--port"):
        server.check_port(taken_port)
    server.check_port(free_port())


def test_the_command_says_what_it_has_to_say_and_nothing_else(study: Project) -> None:
    port = free_port()
    running = Running(["python", "-m", "pipeline", "ui", "--port", str(port)], study.folder)
    try:
        running.wait_for(lambda: "as charts" in running.said())
        assert running.started()
        with socket.create_connection(("127.0.0.1", port), timeout=60):
            assert running.end(signal.SIGINT) == 0
        assert running.left() == []
    finally:
        running.kill()
    lines = running.said().splitlines()
    assert len(lines) == 3, lines
    filled, address, charts = lines
    assert re.fullmatch(r"sqlite:.*mlflow\.db: \d+ runs written or completed", filled)
    page = r"/#/experiments/\d+/runs\?workflowType=machine_learning&viewStateShareKey=best-first"
    assert re.fullmatch(rf"MLflow UI: http://127\.0\.0\.1:{port}{page} \(Ctrl-C ends it\)", address)
    shown = address.removeprefix("MLflow UI: ").removesuffix(" (Ctrl-C ends it)")
    assert charts == f"The same as charts: {shown}&compareRunsMode=CHART"
    assert "Uvicorn running" in (study.folder / "logs" / f"mlflow-ui-{port}.log").read_text()
