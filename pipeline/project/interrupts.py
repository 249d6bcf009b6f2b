"""Ctrl-C: one line and exit status 130, from the first import to the last write."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.project.ancestors import RUN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_MESSAGE = "interrupted: finished trainings are kept; the same command goes on from here"
_STATUS = 130


def end_at_once() -> None:
    """Let Ctrl-C end this program without an exception, until `one_line` begins: it only imports yet.

    Many libraries would swallow an exception in the middle of their imports, or print it.
    """
    if os.environ.get(RUN_VARIABLE):
        # that command ends this process, and says so
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    elif signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def _end(*_: object) -> None:
    os.write(2, f"{_MESSAGE}\n".encode())
    os._exit(_STATUS)


@contextmanager
def one_line() -> Iterator[None]:
    """Turn Ctrl-C inside the block into one line and its exit status, before typer ends the program without a word."""
    whole_program = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is _end
    if whole_program:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print(_MESSAGE, file=sys.stderr)
        raise SystemExit(_STATUS) from None
    finally:
        if whole_program:
            # all is written, or the line is: a second Ctrl-C would print a traceback while Python ends
            signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """Delay Ctrl-C until the end of the block, and keep it away from the processes that start inside it.

    A process that is importing torch, or a worker before its first line, would print its own traceback; they inherit
    the mask. The handler is for other threads of this process, which may receive the signal too.
    """
    from multiprocessing import resource_tracker

    # starting it ends with SIGINT let through (Python 3.11): it must not start inside the block
    resource_tracker.ensure_running()
    held: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if held:
        raise KeyboardInterrupt
