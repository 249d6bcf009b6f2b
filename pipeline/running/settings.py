"""The section ``execution`` of ``params.yaml``."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pipeline.project.environment import available_cores
from pipeline.project.wording import shortened
from pipeline.settings import loading
from pipeline.settings.section import Section

_MOST_WORKERS = 4096


def _ray_address(value: object) -> object:
    if value is None or value == "auto" or (isinstance(value, str) and re.fullmatch(r"[^\s:/]+:\d{1,5}", value)):
        return value
    raise ValueError(f"found {shortened(value)}; it must be null, 'auto' or 'host:port'")


def _worker_count(value: object) -> object:
    # a union's own error would have one line for each of its members
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_WORKERS):
        return value
    raise ValueError(f"found {shortened(value)}; it must be 'auto' or a whole number from 1 to {_MOST_WORKERS}")


class ExecutionSettings(Section):
    """How the trainings are run; changes no result."""

    # trainings at once, each with one thread; auto: one per core
    workers: Annotated[Literal["auto"] | int, BeforeValidator(_worker_count)] = "auto"
    # processes of this machine, or a cluster
    engine: Literal["processes", "ray"] = "processes"
    # both: see `pipeline.running.cluster.Cluster`
    ray_address: Annotated[str | None, BeforeValidator(_ray_address)] = None
    ray_logs: Annotated[bool, Field(strict=True)] = False

    def worker_count(self) -> int:
        """Return the number of worker processes; ``auto`` means all cores that this process may use."""
        return available_cores() if self.workers == "auto" else self.workers


def load() -> ExecutionSettings:
    """Read the section of ``params.yaml``; see `loading.section`."""
    return loading.section("execution", ExecutionSettings)
