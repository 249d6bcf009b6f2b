"""What a person sees while a comparison runs: a live table on a terminal, plain lines in a pipe, or nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from pipeline.console import printing
from pipeline.project.wording import counted
from pipeline.running import merit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from pipeline.settings.study import MeasureName
    from pipeline.training.record import Outcome

_REFRESHES_PER_SECOND = 4
_TITLES = ("problem", "optimizer", "phase", "done", "known", "best learning rate", "reached")
SEARCH, FINAL = "search", "final trainings"


@dataclass
class Phase:
    """One optimizer's search or final trainings, as far as they are."""

    optimizer: str  # its label
    name: str
    total: int
    measure: MeasureName  # what the problem is judged by
    outcomes: list[Outcome] = field(default_factory=list)
    known: int = 0  # how many of them came from the memo

    @property
    def reached(self) -> tuple[str, str]:
        """The learning rate of the best training so far, and what it reached."""
        if not self.outcomes:
            return "", ""
        best = max(self.outcomes, key=lambda outcome: merit.score(outcome, self.measure))
        return f"{best.training.learning_rate:g}", self.shown(best)

    def shown(self, outcome: Outcome) -> str:
        """Return what a training reached on the validation examples, in words."""
        return "diverged" if outcome.diverged else _in_words(_value(outcome, self.measure), self.measure)


def _value(outcome: Outcome, measure: MeasureName) -> float:
    score = merit.score(outcome, measure)
    return score if measure == "accuracy" else -score


def _in_words(value: float, measure: MeasureName) -> str:
    return f"{value:.1%}".replace("%", " %") if measure == "accuracy" else f"loss {value:.4g}"


class Watch:
    """Keeps count and says nothing; made by `watching`."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        self.measure: MeasureName = "accuracy"
        self.phases: list[Phase] = []
        self.expected = 0  # how many trainings the memo lacks
        self.workers = 1
        self._seconds: list[float] = []

    def say(self, line: str) -> None:
        """Show a sentence that stays."""

    def begin(self, optimizer: str, name: str, total: int) -> Phase:
        """Begin a phase."""
        self.phases.append(Phase(optimizer, name, total, self.measure))
        return self.phases[-1]

    def finished(self, phase: Phase, outcome: Outcome, fresh: bool) -> None:
        """Count and show a finished training; `fresh`: it does not come from the memo."""
        phase.outcomes.append(outcome)
        if fresh:
            self._seconds.append(outcome.seconds)
        else:
            phase.known += 1

    @property
    def known(self) -> int:
        """How many trainings came from the memo."""
        return sum(phase.known for phase in self.phases)

    @property
    def time_left(self) -> str:
        """About how long the rest will take, in words; empty before the first training is finished."""
        missing = self.expected - len(self._seconds)
        if not self._seconds or missing <= 0:
            return ""
        seconds = missing * sum(self._seconds) / len(self._seconds) / self.workers
        return f"about {duration(seconds)} left"


class _Lines(Watch):
    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def finished(self, phase: Phase, outcome: Outcome, fresh: bool) -> None:
        super().finished(phase, outcome, fresh)
        done, training = len(phase.outcomes), outcome.training
        if fresh:
            left = f", {self.time_left}" if self.time_left else ""
            self.say(
                f"{phase.optimizer} on {self.problem}, {phase.name} {done} of {phase.total}: learning rate "
                f"{training.learning_rate:g}, seed {training.seed}: {phase.shown(outcome)}{left}"
            )
        elif done == phase.total:
            self.say(f"{phase.optimizer} on {self.problem}, {phase.name}: {phase.known} of {done} were known already")


class _Table(Watch):
    def __init__(self, problem: str, console: Console) -> None:
        super().__init__(problem)
        self._console = console
        self.live = Live(console=console, get_renderable=self._table, refresh_per_second=_REFRESHES_PER_SECOND)

    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _table(self) -> Table:
        table = printing.empty_table()
        for title in _TITLES:
            table.add_column(title)
        for phase in self.phases:
            done = f"{len(phase.outcomes)} of {phase.total}"
            table.add_row(self.problem, phase.optimizer, phase.name, done, str(phase.known), *phase.reached)
        table.caption = self.time_left
        table.caption_justify = "left"
        return table


def duration(seconds: float) -> str:
    """Return ``40 seconds`` or ``3 minutes``."""
    if seconds < 90:
        return counted(max(1, round(seconds)), "second")
    return f"{round(seconds / 60)} minutes"


@contextmanager
def watching(problem: str, *, show: bool) -> Iterator[Watch]:
    """Show on standard error how far a comparison is, unless `show` is false."""
    if not show:
        yield Watch(problem)
        return
    console = Console(stderr=True)
    if console.file.isatty() and not console.is_dumb_terminal:
        table = _Table(problem, console)
        with table.live:
            yield table
            table.expected = 0
        return
    yield _Lines(problem)
