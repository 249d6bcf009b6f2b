"""Commands on a real pseudo-terminal, and Ctrl-C typed there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import subprocess
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.conftest import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 900


class Terminal:
    """A command on a terminal of its own, as the leader of its session."""

    def __init__(self, command: list[str], folder: Path, **variables: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**clean_environment(), **variables},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(slave)
        self._said = b""
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # an error is how a terminal says that nobody writes to it any more
        with contextlib.suppress(OSError):
            while not self._closing.is_set():
                if select.select([self._master], [], [], 0.1)[0]:
                    piece = os.read(self._master, 65536)
                    if not piece:
                        return
                    self._said += piece

    def said(self) -> str:
        return self._said.decode(errors="replace")

    def wait_for(self, condition: Callable[[], object], seconds: float = _SECONDS) -> bool:
        """Wait until a condition holds; return False if the command or the time ends before."""
        end = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def ctrl_c(self) -> None:
        os.write(self._master, b"\x03")

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does: its processes get SIGHUP."""
        # a reader would keep it open
        self._closing.set()
        self._reader.join(5)
        os.close(self._master)

    def end(self) -> int:
        """Wait for the end of the command; return its exit status as a shell gives it (128 + a signal's number).

        Python ends `python -m …` by SIGINT, not by our 130, where Ctrl-C came inside the `exec` of a text.
        """
        status = self.process.wait(_SECONDS)
        self._reader.join(2)
        return 128 - status if status < 0 else status

    def members(self) -> list[psutil.Process]:
        """Return the living processes of the terminal's session."""
        found = []
        for one in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if os.getsid(one.pid) == self.process.pid and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
        return found

    def has_mapped(self, library: str) -> bool:
        """Return whether a process of the session has loaded a library."""
        for one in self.members():
            with contextlib.suppress(OSError):
                if library in Path(f"/proc/{one.pid}/maps").read_text(errors="replace"):
                    return True
        return False

    def close(self) -> None:
        for one in self.members():
            with contextlib.suppress(psutil.Error):
                one.kill()
        self.process.wait(_SECONDS)
        self._reader.join(2)
        with contextlib.suppress(OSError):
            os.close(self._master)
