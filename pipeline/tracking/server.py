"""MLflow's own UI: a process that ends with ours, and whose output goes to a log."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from pipeline.console import quiet
from pipeline.project import paths
from pipeline.project.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_HOST = "127.0.0.1"


def check_port(port: int) -> None:
    """Raise a UserError if a port of 127.0.0.1 is taken, or reserved for root."""
    with socket.socket() as trial:
        # as servers do, so that a connection that was just closed does not count
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((_HOST, port))
        except OSError as error:
            raise UserError(
                f"port {port} of {_HOST} cannot be used ({error.strerror}): choose another with --port."
            ) from None


def serve(store: str, port: int, when_it_answers: Callable[[], None]) -> None:
    """Run the MLflow UI on 127.0.0.1 until Ctrl-C, SIGTERM or SIGHUP ends it.

    `when_it_answers` is called once, as soon as a browser would get an answer.

    Raises
    ------
    UserError
        If the server ends by itself; with the last lines of its log.
    """
    log = None if quiet.verbose() else paths.ui_log(port)
    with _noted_signals() as noted, _server(store, port, log) as server:
        answered = False
        while not noted and server.poll() is None:
            if not answered and _answers(port):
                answered = True
                when_it_answers()
            time.sleep(0.1)
    if not noted:
        raise UserError(f"the MLflow UI ended by itself, with status {server.returncode}{_last_lines(log)}")


@contextlib.contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """Note the signals that ask for an end, so that they interrupt nothing."""
    noted: list[int] = []
    # nohup ignores SIGHUP, and so do we then
    wanted = [s for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) != signal.SIG_IGN]
    before = {number: signal.signal(number, lambda number, _: noted.append(number)) for number in wanted}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _server(store: str, port: int, log: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    # one worker: a single person looks, and each costs an import of MLflow
    command = [sys.executable, "-m", "mlflow", "ui", "--host", _HOST, "--port", str(port), "--workers", "1"]
    # not as an argument, which everybody on the machine may read: the address may hold a password
    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": store}
    # jobs are for the evaluation of language models, and each is a process
    environment.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") if log else contextlib.nullcontext() as output:
        # a session of its own: Ctrl-C in the terminal would end its imports in a traceback
        server = subprocess.Popen(  # noqa: S603 - our own arguments
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield server
    finally:
        _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End a server and all that it started; kill what is left after ten seconds."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)


def _answers(port: int) -> bool:
    import httpx

    try:
        # not through the proxy that the environment may name
        return httpx.get(f"http://{_HOST}:{port}/health", timeout=1, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _last_lines(log: Path | None) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log else []
    last = [line for line in lines if line.strip()][-5:]
    return "\n  ".join([f". The end of its log, {log}:", *last]) if last else "."
