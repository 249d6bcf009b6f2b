"""Servers that a test starts and stops: MLflow's, and a PostgreSQL cluster. All listen on 127.0.0.1 only."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from tests import needs
from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS_TO_START = 60
# PostgreSQL refuses to run as root
_DATABASE_USER = "postgres"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


@contextlib.contextmanager
def mlflow_server(folder: Path, port: int, database: str | None = None) -> Iterator[str]:
    """Run MLflow's tracking server, with a database (SQLite unless given) and artifacts in a folder; yield its URI."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", database or f"sqlite:///{folder / 'server.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    # jobs belong to the evaluation of language models, and each is a process
    environment = {**clean_environment(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "DO_NOT_TRACK": "true"}
    log = folder / "server.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_until_healthy(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop_with_its_children(process)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return
        time.sleep(0.2)
    raise AssertionError(f"the MLflow server did not start:\n{log.read_text()}")


def _stop_with_its_children(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
            return


def postgres_programs() -> Path:
    """Return the folder of PostgreSQL's own programs, or skip the test."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = shutil.which("initdb") or next((str(path) for path in reversed(debian)), None)
    if found is None:
        needs.missing("postgres", "there is no PostgreSQL (Debian's package postgresql)")
    return Path(found).resolve().parent


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL cluster of the test's own with an empty database; yield that database's URI."""
    programs, user = postgres_programs(), _database_user()
    # not below pytest's folder: that is closed to other users, and a socket's path must be short
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    name = user or pwd.getpwuid(os.getuid()).pw_name

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments], cwd=folder, user=user, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    try:
        run("initdb", "-D", str(data), "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", name)
        # a log of its own: the server would hold on to the pipes that its starter's output goes to
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", name, "mlflow")
        yield f"postgresql+psycopg2://{name}@127.0.0.1:{port}/mlflow"
    finally:
        if (data / "postmaster.pid").exists():
            run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _database_user() -> str | None:
    """Return the user to run PostgreSQL as (None: the one that runs the tests), or skip the test."""
    if os.getuid():
        return None
    try:
        return pwd.getpwnam(_DATABASE_USER).pw_name
    except KeyError:
        needs.missing("postgres", f"PostgreSQL does not run as root, and there is no user {_DATABASE_USER}")
