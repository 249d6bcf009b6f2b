"""How far the whole study is, said between the lines of ``dvc repro``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pipeline.commands.run import flow
from pipeline.commands.run.duration import about

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.commands.run.duration import Duration

# As long as less has passed, the estimate is not corrected by it
_ENOUGH_SECONDS = 30.0


class Following:
    """Passes the lines of ``dvc repro`` on, and says at every stage how many there are and how long they take.

    Parameters
    ----------
    stages
        The names of all stages.
    duration
        What they were estimated to take; None if that is not known.
    interim
        Called with the optimizers trained so far, each time one more is; returns a line to show, or nothing.
    """

    def __init__(
        self,
        stages: Sequence[str],
        duration: Duration | None,
        interim: Callable[[Sequence[str]], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stages = stages
        self._estimated = {} if duration is None else dict(duration.seconds)
        self._interim = interim
        self._clock = clock
        self._seen: list[str] = []
        self._begun: tuple[str, float] | None = None  # the stage that runs, and when it began
        self._real = self._expected = 0.0  # seconds of the stages that ran, as they passed and as estimated

    def line(self, line: str) -> None:
        """Take the next line."""
        started, passed_over = flow.running(line), flow.standing(line)
        if started or passed_over:
            self._end_of_stage()
        if passed_over:
            self._seen.append(passed_over)
        if started:
            self._begun = started, self._clock()
            _say(f"Stage {len(self._seen) + 1} of {len(self._stages)}: {started}{self._left()}")
        print(line, end="", flush=True)

    def _end_of_stage(self) -> None:
        if self._begun is None:
            return
        name, begun = self._begun
        self._begun = None
        self._seen.append(name)
        self._real += self._clock() - begun
        self._expected += self._estimated.get(name, 0)
        if name.startswith("train@") and (found := self._interim(self._trained())):
            _say(found)

    def _trained(self) -> list[str]:
        return [name.removeprefix("train@") for name in self._seen if name.startswith("train@")]

    def _left(self) -> str:
        """Say how much time is left, as estimated, and as fast as the stages were that have run."""
        if not self._estimated:
            return ""
        left = sum(seconds for name, seconds in self._estimated.items() if name not in self._seen)
        known = self._expected > 0 and self._real >= _ENOUGH_SECONDS
        pace = self._real / self._expected if known else 1
        return f", {about(left * pace)} left of the whole study"


def _say(line: str) -> None:
    print(line, flush=True)
