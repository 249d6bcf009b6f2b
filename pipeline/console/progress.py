"""What a person sees while work runs: a live bar on a terminal, plain lines in a log file."""

from __future__ import annotations

import sys
import threading
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TextColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from rich.progress import Task

LOG_INTERVAL_SECONDS = 10.0
_MIB = 1 << 20
_NARROW_COLUMNS = 110


@contextmanager
def progress(
    title: str,
    total: float | None,
    unit: str = "",
    *,
    done: float = 0,
    console: Console | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Show how far the work inside the block is, on standard error.

    Parameters
    ----------
    title
        What is being done, such as ``"tune adam"``.
    total
        How much there is to do; None where nobody knows.
    unit
        What is counted, such as ``"trainings"``. ``"B"`` stands for bytes, shown as MiB and MiB/s.
    done
        What earlier runs have finished: shown, but kept out of the speed.
    console
        Where to write; standard error unless given.
    clock
        Seconds from an arbitrary start.

    Yields
    ------
    Progress
        What to tell how far the work is; any thread may call it.

    Examples
    --------
    >>> with progress("tune adam", 14, "trainings") as bar:  # doctest: +SKIP
    ...     bar.advance(note="cifar10 lr 0.001 seed 0")
    """
    console = console or _standard_error()
    meter = _Meter(total, unit, clock, done)
    shown: Progress = _Bar(title, meter, console) if _is_terminal(console) else _Log(title, meter, console)
    with shown._on_screen():
        yield shown


class Progress(ABC):
    """How far a piece of work is; made by `progress`."""

    def __init__(self, title: str, meter: _Meter, console: Console) -> None:
        self._title = _printable(title)
        self._note = ""
        self._meter = meter
        self._console = console
        self._lock = threading.RLock()

    def advance(self, amount: float = 1, note: str = "") -> None:
        """Count `amount` more as done; `note` says in a few words what runs or has just finished."""
        with self._lock:
            self._meter.done += amount
            self._note = _printable(note) or self._note
            self._refresh()

    def set_total(self, total: float | None) -> None:
        """Change how much there is to do."""
        with self._lock:
            self._meter.total = total
            self._refresh()

    def restart(self, done: float = 0) -> None:
        """Go on from `done`, and measure the speed anew (a download that resumes or starts over)."""
        with self._lock:
            self._meter.restart(done)
            self._refresh()

    def say(self, line: str) -> None:
        """Print a line that stays."""
        with self._lock:
            self._print(_printable(line))

    @abstractmethod
    def _print(self, line: str) -> None: ...

    @abstractmethod
    def _refresh(self) -> None: ...

    @abstractmethod
    def _on_screen(self) -> AbstractContextManager[None]: ...


class _Meter:
    """What is done of how much, since when, in words."""

    def __init__(self, total: float | None, unit: str, clock: Callable[[], float], done: float) -> None:
        self.total = total
        self.done = done
        self._unit = unit
        self._clock = clock
        self._began = clock()
        self.restart(done)

    def restart(self, done: float) -> None:
        self.done = done
        self._base = done
        self._base_time = self._clock()

    def now(self) -> float:
        return self._clock()

    def amount(self) -> str:
        """Return such as ``5/14 trainings (36 %)``."""
        counted = f"{self._number(self.done)}"
        if self.total is not None:
            counted += f"/{self._number(self.total)}"
        unit = "MiB" if self._unit == "B" else self._unit
        share = f" ({100 * self.done / self.total:.0f} %)" if self.total else ""
        return f"{counted} {unit}".rstrip() + share

    def elapsed(self) -> str:
        return f"{_duration(self._clock() - self._began)} elapsed"

    def left(self) -> str:
        """Return such as ``0:21 left``, or nothing where nobody can tell."""
        speed = self._speed()
        if not speed or self.total is None or self.done >= self.total:
            return ""
        return f"{_duration((self.total - self.done) / speed)} left"

    def speed(self) -> str:
        """Return such as ``5.1 MiB/s``; nothing for what is not bytes."""
        speed = self._speed() if self._unit == "B" else 0.0
        return f"{speed / _MIB:.1f} MiB/s" if speed else ""

    def _speed(self) -> float:
        seconds = self._clock() - self._base_time
        return (self.done - self._base) / seconds if seconds > 0 else 0.0

    def _number(self, value: float) -> str:
        if self._unit == "B":
            return f"{value / _MIB:.1f}"
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


class _Log(Progress):
    """Plain lines, far enough apart not to fill a log file."""

    @contextmanager
    def _on_screen(self) -> Iterator[None]:
        self._written = self._meter.now()
        try:
            yield
        except BaseException:
            self._write_line("stopped at ")
            raise
        self._write_line()

    def _refresh(self) -> None:
        if self._meter.now() - self._written >= LOG_INTERVAL_SECONDS:
            self._write_line()

    def _write_line(self, prefix: str = "") -> None:
        self._written = self._meter.now()
        left = self._meter.left()
        parts = [
            prefix + self._meter.amount(),
            self._meter.elapsed(),
            f"about {left}" if left else "",
            self._meter.speed(),
            self._note,
        ]
        self._print(f"{self._title}: " + ", ".join(part for part in parts if part))

    def _print(self, line: str) -> None:
        # Not through rich: it would fold long lines at 80 columns and obey FORCE_COLOR.
        print(line, file=self._console.file, flush=True)


class _Bar(Progress):
    """One live bar on a terminal."""

    def __init__(self, title: str, meter: _Meter, console: Console) -> None:
        super().__init__(title, meter, console)
        self._rich = RichProgress(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(bar_width=10 if console.width < _NARROW_COLUMNS else 24),
            _Measures(meter),
            TextColumn(
                "{task.fields[note]}",
                markup=False,
                style="dim",
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            console=console,
            expand=True,
            # Redirected, standard output would end up in standard error, and miss its pipe or file.
            redirect_stdout=sys.stdout.isatty(),
            get_time=meter.now,
        )

    @contextmanager
    def _on_screen(self) -> Iterator[None]:
        self._task = self._rich.add_task(self._title, total=self._meter.total, note="")
        with self._rich:
            yield

    def _refresh(self) -> None:
        self._rich.update(self._task, total=self._meter.total, completed=self._meter.done, note=self._note)

    def _print(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True, highlight=False)


class _Measures(ProgressColumn):
    """Amount, time elapsed, time left and speed; computed at every refresh, so that the clock ticks."""

    def __init__(self, meter: _Meter) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._meter = meter

    def render(self, task: Task) -> Text:
        meter = self._meter
        parts = (meter.amount(), meter.elapsed(), meter.left(), meter.speed())
        return Text(", ".join(part for part in parts if part), style="progress.remaining")


@cache
def _standard_error() -> Console:
    # One console for all, so that rich can stack a bar that runs inside another one.
    return Console(stderr=True)


def _is_terminal(console: Console) -> bool:
    # Not console.is_terminal: FORCE_COLOR, which CI services set, would put a live bar into a log file.
    return console.file.isatty() and not console.is_dumb_terminal


def _printable(text: str) -> str:
    """Return `text` on one line and without control characters, which a log or a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
