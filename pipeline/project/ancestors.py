"""The processes that a stage belongs to: it does not outlive them."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

# Set by `optimizer-study run` for all that it starts: its own process
RUN_VARIABLE = "_PIPELINE_RUN"

_LOOK_SECONDS = 1.0


def dvc() -> psutil.Process | None:
    """Return the DVC process that runs this stage, or None outside DVC."""
    import psutil

    # DVC sets it for a stage, between which and DVC there may be a shell
    if "DVC_STAGE" not in os.environ:
        return None
    try:
        return next((one for one in psutil.Process().parents() if "DVC_STAGE" not in one.environ()), None)
    except psutil.Error:
        return None


def end_with_those_above() -> None:
    """End this process within a second or two when DVC, or the command that started DVC, is gone.

    It would otherwise work on, unseen, beside the next run. Its workers end with it.
    """
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    above = [found for found in (dvc(), _run()) if found]
    while above and all(map(_lives, above)):
        time.sleep(_LOOK_SECONDS)
    if above:
        # as abrupt as the end of what is above: all files are whole or absent at any time
        os.kill(os.getpid(), signal.SIGTERM)


def _lives(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _run() -> psutil.Process | None:
    import psutil

    try:
        return psutil.Process(int(os.environ[RUN_VARIABLE]))
    except (KeyError, ValueError, psutil.Error):
        return None
