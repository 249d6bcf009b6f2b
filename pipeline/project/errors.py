"""What a user did wrong, or what their machine refused, in one clear message each."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
import unicodedata
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_LONGEST = 8_000  # characters of a message: a value that is quoted in it may be a whole file


class UserError(Exception):
    """A mistake or a refusal: the message says what went wrong, where, and what to do; a person sees nothing else."""

    exit_status = 2

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback: in a notebook, too, a person sees the message alone."""
        return [f"error: {self}"]


class SettingsError(UserError):
    """``params.yaml`` holds something that the study cannot run with."""


class DataError(UserError):
    """Data is missing, corrupt, or cannot be fetched."""


class TrainingError(UserError):
    """A training could not be finished (one that diverged is finished: it is a result)."""


def first_line(error: BaseException) -> str:
    """Return the first line of a library's error message (its class, if there is none), without a full stop."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def line_in(error: BaseException, is_own: Callable[[str], bool]) -> int | None:
    """Return the last line of a user's own file that an error passed through, or that is no Python; None without one.

    Parameters
    ----------
    is_own
        Says of the path of a file whether it is the user's.
    """
    if isinstance(error, SyntaxError):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if is_own(frame.filename)]
    return lines[-1] if lines else None


@contextmanager
def one_message() -> Iterator[None]:
    """Turn a user's mistake, an OSError or Ctrl-C inside the block into one message and an exit status."""
    take_any_sign()
    if sys.stdin is None:
        # closed, as some schedulers leave it: whoever reads it expects a file
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - for as long as the program runs
    try:
        with interrupts.one_line():
            yield
    except UserError as error:
        print(f"error: {_safe(str(error))}", file=sys.stderr)
        raise SystemExit(error.exit_status) from None
    except (MemoryError, OSError, ImportError, RuntimeError) as error:
        message = _of_the_machine(error)
        if not message:
            raise
        print(f"error: {_safe(message)}", file=sys.stderr)
        raise SystemExit(2) from None


def _of_the_machine(error: Exception) -> str:
    """Say what a machine refuses or lacks; empty for an error of another kind."""
    kept = "What was finished before is kept"
    if lacks_memory(error):
        return f"there is not enough memory ({first_line(error)}). {kept}: end other programs, then run it again."
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        remedy = "free space or correct the permissions, then run the same command again"
        return f"{error.strerror or error}{where}. {kept}: {remedy}."
    if isinstance(error, ImportError) and not (error.name or "").startswith("pipeline"):
        remedy = "run `make .venv/.ready` or install the project again; `optimizer-study doctor` says what is missing"
        return f"an installed package is missing or damaged ({first_line(error)}): {remedy}."
    return ""


def lacks_memory(error: Exception) -> bool:
    """Return whether an error means that memory ran out."""
    # torch, OpenBLAS, the loader of libraries and the system have classes and words of their own for it
    said = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or getattr(error, "errno", None) == errno.ENOMEM
        or any(words in said for words in ("allocate memory", "out of memory", "start new thread", "map segment"))
    )


def take_any_sign() -> None:
    """Let the output replace a sign that its encoding lacks (ASCII, cp1252, a file name that is no UTF-8)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _safe(message: str) -> str:
    """Return a message without codes that a terminal would obey, and no longer than anybody reads."""
    plain = "".join(" " if sign != "\n" and unicodedata.category(sign) == "Cc" else sign for sign in message)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
