"""Everything but kills: a function per kind, each with a fresh copy of the study."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import struct
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from PIL import Image

from tests.conftest import Project
from tests.faults.terminals import Terminal
from tests.faults.torture.kills import is_a
from tests.faults.torture.study import Attempt, Copy, NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Callable

DAMAGED = (".memo", "runs", "data", ".dvc/cache", "models")
# What reads memo, data, trials and weights again; `--force`, because DVC goes by the time of change, which rot keeps
READERS = ("tune@sgd", "tune@adam", "train@sgd", "train@adam", "evaluate")
_NOBODY = 65534
_TWO_DAYS = 172_800


def flipped_bit(attempt: Attempt, folder: str) -> None:
    """One bit of one file: found when it is read and done again, or one sentence and the next run does it again."""
    copy = attempt.copy("whole")
    found = (path for path in (copy.folder / folder).rglob("*") if path.is_file() and path.suffix != ".md")
    path = attempt.chance.choice(sorted(found))
    flip(path, bit := attempt.chance.randrange(8 * path.stat().st_size))
    if folder == "models":
        picture = copy.folder / "picture.png"
        Image.new("L", (8, 8)).save(picture)
        if attempt.run(copy, "python", "-m", "pipeline", "predict", str(picture)):
            attempt.fail("predict takes a damaged champion")
        # as its message says
        path.unlink()
    if folder == ".dvc/cache":
        for name in ("runs", "data/prepared"):
            shutil.rmtree(copy.folder / name)
        attempt.run(copy, "dvc", "checkout")
    if folder != ".memo":
        # all is trained again, from data that are read
        shutil.rmtree(copy.folder / ".memo")
    if folder != "models":
        attempt.run(copy, "dvc", "repro", "--force", "--single-item", *READERS)
    before = len(attempt.faults)
    attempt.finish(copy, tries=2)
    if len(attempt.faults) > before:
        attempt.fail(f"the bit {bit} was flipped in {path.relative_to(copy.folder)}")


def flip(path: Path, bit: int) -> None:
    """Flip one bit of a file, without a trace in its size or times."""
    times, mode = path.stat(), path.stat().st_mode
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(mode)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def disk_full(attempt: Attempt) -> None:
    """A disk (in memory) with too little space left for what is still to do."""
    disk = attempt.bench.root / "disk"
    disk.mkdir(exist_ok=True)
    if os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4g", "tmpfs", disk], check=False).returncode:
        return largest_file(attempt)
    try:
        copy = attempt.copy(folder=disk / "study")
        used, whole = (_size(folder) for folder in (copy.folder, attempt.bench.states / "whole"))
        room = used + round(attempt.chance.uniform(0.02, 1) * (whole - used))
        subprocess.run(["mount", "-o", f"remount,size={room}", disk], check=True)
        before = copy.memo()
        attempt.ended(copy.start(attempt.output))
        attempt.look(copy, before)
        subprocess.run(["mount", "-o", "remount,size=4g", disk], check=True)
        _follow_the_doctor(attempt, copy)
        attempt.finish(copy)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=False)
    return None


def _follow_the_doctor(attempt: Attempt, copy: Copy) -> None:
    """Do as `optimizer-study doctor` says where DVC has left half a dvc.lock, which it does not write atomically."""
    lock = copy.folder / "dvc.lock"
    if lock.exists() and not lock.read_bytes().endswith(b"\n"):
        attempt.run(copy, "python", "-m", "pipeline", "doctor")
        if "dvc.lock is cut off" not in attempt.output.read_text(errors="replace"):
            attempt.fail("the doctor says nothing of half a dvc.lock")
        lock.unlink()


def largest_file(attempt: Attempt) -> None:
    """No file may grow beyond a size, where no disk can be mounted."""
    copy = attempt.copy()
    before = copy.memo()
    size = attempt.chance.choice([0, 1_000, 20_000, 100_000, 400_000])
    attempt.ended(copy.start(attempt.output, largest_file=size))
    attempt.look(copy, before)
    attempt.finish(copy)


def _size(folder: Path) -> int:
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())


def worker_without_memory(attempt: Attempt) -> None:
    """A worker that may take no more address space than it has (RLIMIT_AS): each of its next large blocks fails."""
    copy = attempt.copy("prepare", "tune")
    before = copy.memo()
    process = copy.start(attempt.output)
    limited: set[int] = set()
    while process.poll() is None and len(limited) < 2:
        for one in copy.at_work():
            with contextlib.suppress(psutil.Error):
                # a second thread: it has imported all, and begins to train
                if one.pid not in limited and is_a(one, "worker") and one.num_threads() > 1:
                    most = one.memory_info().vms + attempt.chance.randrange(1 << 20)
                    one.rlimit(resource.RLIMIT_AS, (most, most))
                    limited.add(one.pid)
        time.sleep(0.01)
    attempt.ended(process)
    attempt.look(copy, before)
    attempt.finish(copy)


def clock_backwards(attempt: Attempt) -> None:
    """The clock of all processes of a run jumps back by two days in the middle (clock.c; the system's stays)."""
    if not shutil.which("cc"):
        raise NotPossibleError("there is no C compiler")
    library, clock = attempt.bench.root / "clock.so", attempt.bench.root / "clock"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("clock.c"), "-ldl"], check=True)
    clock.write_bytes(struct.pack("l", 0))
    copy = attempt.copy()
    copy.variables = {"LD_PRELOAD": str(library), "CLOCK_SECONDS": str(clock)}
    before = copy.memo()
    process = copy.start(attempt.output)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(attempt.moment())
    # in place: the processes have mapped the file
    with clock.open("r+b") as file:
        file.write(struct.pack("l", -_TWO_DAYS))
    if attempt.ended(process):
        attempt.fail(f"the run failed: {attempt.output.read_text(errors='replace')[-400:]}")
    attempt.look(copy, before)
    copy.variables = {}
    attempt.finish(copy)


def other_user(attempt: Attempt) -> None:
    """The user nobody, who may read what root may (the environment lies there), but writes only in the own copy."""
    copy = _of_nobody(attempt)
    copy.variables = {"HOME": str(copy.folder / "home")}
    attempt.finish(copy)


def home_unwritable(attempt: Attempt) -> None:
    """A user whose HOME and TMPDIR cannot be written to."""
    copy = _of_nobody(attempt)
    closed = attempt.bench.root / "closed"
    closed.mkdir(mode=0o755, exist_ok=True)
    copy.variables = {"HOME": str(closed), "TMPDIR": str(closed), "XDG_CACHE_HOME": str(closed)}
    attempt.finish(copy)


def _of_nobody(attempt: Attempt) -> Copy:
    if os.getuid() or not shutil.which("setpriv"):
        raise NotPossibleError("needs root and setpriv, to be another user")
    copy = attempt.copy()
    for path in (copy.folder, *copy.folder.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
    may = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
    copy.prefix = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *may)
    return copy


def folder_moved(attempt: Attempt) -> None:
    """A study that is stopped, moved, and goes on elsewhere."""
    copy = attempt.copy()
    before = copy.memo()
    process = copy.start(attempt.output)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(attempt.moment(0.6))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    attempt.ended(process)
    attempt.look(copy, before)
    moved = copy.folder.with_name(f"{copy.folder.name} elsewhere")
    shutil.move(copy.folder, moved)
    attempt.finish(Copy(Project(moved), until=copy.until))


def terminal_closed(attempt: Attempt) -> None:
    """The terminal of a run is closed: SIGHUP from a real pseudo-terminal."""
    copy = attempt.copy()
    before = copy.memo()
    terminal = Terminal(["dvc", "repro", *copy.until], copy.folder)
    terminal.wait_for(lambda: False, attempt.moment(0.6))
    terminal.hang_up()
    attempt.ended(terminal.process)
    attempt.look(copy, before, terminal.said())
    attempt.finish(copy)


def two_clones(attempt: Attempt) -> None:
    """Two clones with one MLflow store, at the same time."""
    store = attempt.bench.root / f"shared{attempt.bench.copies}.db"
    copies = [attempt.copy("nothing"), attempt.copy("nothing")]
    for copy in copies:
        copy.variables = {"MLFLOW_TRACKING_URI": f"sqlite:///{store}"}
    outputs = [attempt.bench.root / f"output{number}.txt" for number in range(2)]
    running = [copy.start(output) for copy, output in zip(copies, outputs, strict=True)]
    for copy, process, output in zip(copies, running, outputs, strict=True):
        if attempt.ended(process):
            attempt.fail(f"a clone failed: {output.read_text(errors='replace')[-400:]}")
        attempt.look(copy, {}, output.read_text(errors="replace"))
    for copy in copies:
        attempt.finish(copy, store=store)


KINDS: dict[str, Callable[[Attempt], None]] = {
    **{f"a flipped bit in {folder}": partial(flipped_bit, folder=folder) for folder in DAMAGED},
    "disk full": disk_full,
    "a worker without memory": worker_without_memory,
    "clock going backwards": clock_backwards,
    "another user than root": other_user,
    "HOME and TMPDIR unwritable": home_unwritable,
    "folder moved": folder_moved,
    "terminal closed": terminal_closed,
    "two clones with one store": two_clones,
}
