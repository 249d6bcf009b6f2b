"""A study as processes of their own: the check of its rows, DVC's stages, and the answer."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project import ancestors, interrupts
from pipeline.project.errors import UserError, one_message
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def check_rows() -> None:
    """Check ``params.yaml`` and all its rows before any work; ends this process after a message where one is wrong."""
    # a process of its own, so that the memory of torch is free again while the study runs; it ends with this one
    check = multiprocessing.get_context("spawn").Process(target=_check_rows, daemon=True)
    with interrupts.held_back():
        check.start()
    check.join()
    if check.exitcode:
        raise SystemExit(check.exitcode)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other run works in a project's folder, then keep others waiting."""
    from filelock import FileLock, Timeout

    place = folder / ".memo"
    place.mkdir(exist_ok=True)
    lock = FileLock(place / "run.lock")
    said = False
    while True:
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
            if not _stage_runs(folder):
                break
            lock.release()
        if not said:
            print("Another run works in this folder: waiting until it has ended.", file=sys.stderr, flush=True)
            said = True
        time.sleep(1)
    try:
        yield
    finally:
        lock.release()


def _stage_runs(folder: Path) -> bool:
    """Return whether DVC runs a stage here, as it notes itself; it refuses a second run then."""
    return any(map(_is_dvc, _noted(folder)))


def _noted(folder: Path) -> list[int]:
    """Return the processes of which DVC notes that they run a stage here."""
    try:
        note = _note(folder).read_text(encoding="utf-8")
    except OSError:
        return []
    return [int(pid) for pid in re.findall(r'"pid": *(\d+)', note)]


def _note(folder: Path) -> Path:
    return folder / ".dvc" / "tmp" / "rwlock"


def _is_dvc(pid: int) -> bool:
    """Return whether a process is DVC: a note may be older than this machine's last start."""
    import psutil

    try:
        return "dvc" in " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return False


def _check_rows() -> None:
    from pipeline.running import rows

    with one_message():
        rows.check_here(loading.load())


def run_study(
    folder: Path, variables: Mapping[str, str] | None = None, on_line: Callable[[str], None] | None = None
) -> None:
    """Run ``dvc repro`` in a project's folder with more environment `variables`, then print the answer.

    Parameters
    ----------
    on_line
        Called with every line that DVC prints, and prints it; without it they are printed as they are.
    """
    repro(folder, variables=variables, on_line=on_line)
    run_in(folder, [sys.executable, "-m", "pipeline", "summary"], variables)


def repro(
    folder: Path,
    *targets: str,
    variables: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run ``dvc repro``, of some stages alone where `targets` names them; see `run_study`."""
    if not (folder / ".dvc").exists():
        run_in(folder, ["dvc", "init", "--no-scm", "--quiet"])
    if _noted(folder) and not _stage_runs(folder):
        # left by a run that was interrupted: DVC would give an alarming line to each of its files
        _note(folder).unlink(missing_ok=True)
    # DVC lets its lock go while a stage works, and needs it again afterwards
    run_in(folder, ["dvc", "--wait-for-lock", "repro", *targets], variables, on_line)


def run_in(
    folder: Path,
    command: list[str],
    variables: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run a command of a study in its folder; Ctrl-C ends it with this process. See `run_study`."""
    environment = {**project_environment(), ancestors.RUN_VARIABLE: str(os.getpid()), **(variables or {})}
    with interrupts.held_back():
        started = subprocess.Popen(  # noqa: S603
            command,
            cwd=folder,
            env=environment,
            stdout=None if on_line is None else subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    with started:
        try:
            for line in started.stdout or ():
                assert on_line is not None  # noqa: S101 - or there is no pipe
                on_line(line)
            started.wait()
        except BaseException:
            _end(started.pid)
            raise
    if started.returncode:
        remedy = "see the message above; run the same command to go on"
        raise UserError(f"the study in {folder.resolve()} stopped: {remedy}.")


def _end(pid: int) -> None:
    """End a process and all that it started, which Ctrl-C does not reach: one line says it all."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        # the parent first: it would report the death of a child
        for one in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.terminate()


def project_environment() -> dict[str, str]:
    """Return an environment in which DVC's stages find this Python, and know of no other DVC project."""
    here = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}"}
    for name in ("DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME"):
        environment.pop(name, None)
    return environment
