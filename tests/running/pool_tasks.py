"""What the tests send to worker processes, which find it under this name (see `tests/running/test_pool.py`)."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path


def note(task: tuple[str, str, Path]) -> str:
    """Note an attempt in a folder, then do as the task's second entry says."""
    name, deed, folder = task
    attempts = len(list(folder.glob(f"{name}.*"))) + 1
    (folder / f"{name}.{attempts}").touch()
    time.sleep({"sleep": 1, "sleep long": 60}.get(deed, 0.02))
    if deed == "kill" or (deed == "kill once" and attempts == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if deed == "too much memory" or (deed == "too much memory once" and attempts == 1):
        import torch

        torch.empty(1 << 50)
    if deed == "no room for a library":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        used = 4096 * int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (used + (2 << 20), hard))
        import pydantic  # noqa: F401 - it begins with a library of 5 MB
    if deed == "exit":
        os._exit(3)
    return f"{name} done"


def fail(error: Exception) -> None:
    raise error


def surroundings(_: int) -> dict[str, object]:
    import torch

    from pipeline.prepared import reader

    names = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "OMP_NUM_THREADS")
    return {
        "pid": os.getpid(),
        "interrupt": signal.getsignal(signal.SIGINT) is signal.SIG_IGN,
        "threads": torch.get_num_threads(),
        "package": reader.__name__,
        **{name: os.environ.get(name) for name in names},
    }


def note_there(task: tuple[str, str, Path], folder: Path) -> str:
    """As `note`, a second long, and where the examples lie."""
    time.sleep(1)
    return f"{note(task)} {folder}"


def surroundings_there(number: int, folder: Path) -> dict[str, object]:
    return surroundings(number)


def fail_there(error: Exception, folder: Path) -> None:
    raise error
