"""How long the stages took, kept in a log that no stage depends on."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.project import paths

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class StageTime:
    """What a stage did with its time: seconds of training, summed over the workers."""

    training_seconds: float = 0.0
    trainings: int = 0
    workers: int = 1


@contextmanager
def stage_time(name: str) -> Iterator[StageTime]:
    """Append the wall-clock time of the block to ``logs/timings.jsonl`` when it ends well."""
    spent = StageTime()
    start = time.perf_counter()
    yield spent
    line = {"stage": name, "seconds": round(time.perf_counter() - start, 3), **spent.__dict__}
    paths.TIMINGS.parent.mkdir(parents=True, exist_ok=True)
    with paths.TIMINGS.open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
