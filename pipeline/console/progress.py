"""What a person sees while work runs: a live bar on a terminal, plain lines in a log file."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING

from rich import progress as bars
from rich.console import Console
from rich.table import Column
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOG_INTERVAL_SECONDS = 10.0
_REST_OF_LINE = Column(no_wrap=True, overflow="ellipsis", ratio=1)


@contextmanager
def progress(
    title: str,
    total: float | None,
    unit: str = "",
    *,
    done: int = 0,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Show how far the work inside the block is, on standard error; the yielded `Progress` works from any thread.

    Parameters
    ----------
    total
        How much there is to do; None if unknown.
    unit
        What is counted, such as ``"trainings"``. ``"B"`` stands for bytes, shown as MiB and with their speed.
    done
        What earlier runs have finished: shown, but not counted for the speed.
    """
    console = console or _standard_error()
    # Not console.is_terminal: FORCE_COLOR, which CI services set, would put a live bar into a log file.
    live = console.file.isatty() and not console.is_dumb_terminal
    shown = (Progress if live else _Log)(_printable(title), total, unit, done, console, clock)
    with shown:
        yield shown


@contextmanager
def late_progress(title: str, total: float, unit: str = "", *, delay: float = 2.0) -> Iterator[Callable[[int], None]]:
    """Show how far the work inside the block is, but only if it takes longer than `delay` seconds.

    Yields a function that counts more work as done.
    """
    with ExitStack() as stack:
        shown: list[Progress] = []
        done, lock = [0], threading.Lock()

        def show() -> None:
            with lock:
                shown.append(stack.enter_context(progress(title, total, unit, done=done[0])))
                shown[0].begin("")

        def advance(amount: int) -> None:
            with lock:
                done[0] += amount
                for one in shown:
                    one.advance(amount)

        timer = threading.Timer(delay, show)
        timer.daemon = True
        timer.start()
        try:
            yield advance
        finally:
            timer.cancel()
            timer.join()


class Progress:
    """How far a piece of work is, as one live bar on a terminal; made by `progress`."""

    _live = True

    def __init__(
        self, title: str, total: float | None, unit: str, done: int, console: Console, clock: Callable[[], float]
    ) -> None:
        self._console = console
        self._unit = "" if unit == "B" else unit
        self._amount = bars.DownloadColumn(binary_units=True) if unit == "B" else bars.MofNCompleteColumn()
        self._elapsed, self._left = bars.TimeElapsedColumn(), bars.TimeRemainingColumn()
        self._rich = bars.Progress(
            bars.TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            bars.BarColumn(bar_width=15),
            self._amount,
            bars.TransferSpeedColumn() if unit == "B" else bars.TextColumn(unit, markup=False),
            self._elapsed,
            self._left,
            bars.TextColumn("{task.fields[note]}", markup=False, style="dim", table_column=_REST_OF_LINE),
            console=console,
            expand=True,
            # Redirected, standard output would end up in standard error, and miss its pipe or file.
            redirect_stdout=sys.stdout.isatty(),
            get_time=clock,
            # a training may take many minutes
            speed_estimate_period=24 * 3600,
            disable=not self._live,
        )
        self._rich.add_task(title, total=total, completed=done, note="")
        (self._task,) = self._rich.tasks

    def begin(self, note: str) -> None:
        """Say at once what happens before anything is done, such as ``starting 2 workers``."""
        self.advance(0, note)

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Count `amount` more as done; `note` says in a few words what runs or has just finished."""
        self._rich.update(self._task.id, advance=amount, note=_printable(note) or self._task.fields["note"])

    def set_total(self, total: float | None) -> None:
        """Change how much there is to do; None if unknown."""
        if total is None:
            self._task.total = None
        self._rich.update(self._task.id, total=total)

    def restart(self, done: int = 0) -> None:
        """Go on from `done`, and measure the time again (a download that resumes or starts over)."""
        self._rich.reset(self._task.id, completed=done)

    def say(self, line: str) -> None:
        """Print a line that stays."""
        self._console.print(Text(_printable(line)), soft_wrap=True, highlight=False)

    def __enter__(self) -> None:
        self._rich.start()

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._rich.stop()


class _Log(Progress):
    """How far a piece of work is, as plain lines that do not fill a log file."""

    _live = False

    def __enter__(self) -> None:
        self._lock = threading.Lock()
        self._written = self._task.get_time()

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._write("stopped at " if error else "")

    def begin(self, note: str) -> None:
        super().begin(note)
        self._write()

    def advance(self, amount: float = 1, note: str = "") -> None:
        super().advance(amount, note)
        with self._lock:
            if self._task.get_time() - self._written >= LOG_INTERVAL_SECONDS:
                self._write()

    def say(self, line: str) -> None:
        # Not through rich: it would fold long lines at 80 columns and obey FORCE_COLOR.
        print(_printable(line), file=self._console.file, flush=True)

    def _write(self, prefix: str = "") -> None:
        task = self._task
        self._written = task.get_time()
        amount = f"{prefix}{self._amount.render(task).plain.strip()} {self._unit}".rstrip()
        left = f"about {self._left.render(task).plain} left" if task.time_remaining else ""
        parts = [amount, f"{self._elapsed.render(task).plain} elapsed", left, task.fields["note"]]
        self.say(f"{task.description}: " + ", ".join(part for part in parts if part))


@cache
def _standard_error() -> Console:
    # One console for all, so that rich can stack a bar that runs inside another one.
    return Console(stderr=True)


def _printable(text: str) -> str:
    """Return `text` on one line and without control characters, which a log or a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text).strip()
