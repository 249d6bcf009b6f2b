"""One thread that writes to the store, so that the study does not wait for it."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.tracking import store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.tracking.tracker import Job, Tracker

# At the end of a stage: how long the store may take for one job
PATIENCE_SECONDS = 60.0


class Writer:
    """Does jobs one after the other, in a thread that does not keep the process alive."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._left = 0
        self._one_done = threading.Condition()
        if tracker.usable:
            threading.Thread(target=self._work, daemon=True).start()

    def submit(self, job: Job) -> None:
        """Hand over a job; returns at once."""
        if self._tracker.usable:
            with self._one_done:
                self._left += 1
            self._jobs.put(job)

    def wait(self) -> int:
        """Wait until all jobs are done, or one takes too long; return how many are left."""
        with self._one_done:
            while self._left and self._one_done.wait(PATIENCE_SECONDS):
                pass
            return self._left

    def _work(self) -> None:
        # connect beside the first training: the import of MLflow takes as long as a small one
        self._tracker.do(lambda runs: 0)
        while True:
            self._tracker.do(self._jobs.get())
            with self._one_done:
                self._left -= 1
                self._one_done.notify()


@contextmanager
def writing(tracker: Tracker, what: str = "runs") -> Iterator[Writer]:
    """Write what the block hands over; wait for it at the end, unless the block failed, and warn of what is left."""
    writer = Writer(tracker)
    yield writer
    if left := writer.wait():
        tracker.warn(
            f"MLflow store {store.shown_uri()} did not finish a write within {PATIENCE_SECONDS:.0f} s. "
            f"{left} {what} are left."
        )
