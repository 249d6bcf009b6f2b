"""A study from its first stage to the answer, with its time told before and while it runs."""

from __future__ import annotations

import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.run import flow
from pipeline.commands.run.following import Following
from pipeline.commands.run.processes import alone, repro, run_study
from pipeline.project import interrupts, paths
from pipeline.project.errors import UserError, first_line
from pipeline.running import settings as execution_settings
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.commands.run.duration import Duration
    from pipeline.commands.run.flow import Flow
    from pipeline.settings.study import Settings


def run_and_tell(memo: Path, variables: Mapping[str, str] | None = None) -> None:
    """Run the study in the current folder; `memo` is the folder of finished trainings."""
    with alone(Path()):
        _run_and_tell(memo, variables)


def _run_and_tell(memo: Path, variables: Mapping[str, str] | None) -> None:
    here, settings = Path(), loading.load()
    if not _prepared(settings):
        repro(here, "prepare", variables=variables)
    found = flow.ask(here)
    duration = expected(settings, memo, found)
    if duration is not None:
        print(duration, flush=True)

    def interim(finished: Sequence[str]) -> str:
        from pipeline.commands.run.interim import ranking

        try:
            return ranking(settings, finished)
        except (UserError, OSError):
            # no reason to stop a study: a stage that needs these files says what is wrong with them
            return ""

    watch = Following(found.stages, duration, interim)
    run_study(here, variables, watch.line if found.stages else None)


def expected(settings: Settings, memo: Path, found: Flow) -> Duration | None:
    """Estimate how long the study takes; None where nothing would run, or this machine's processor does not train."""
    from pipeline.commands.run.duration import estimate

    execution = execution_settings.load()
    if not found.stale:
        return None
    if execution.engine != "processes" or _on_gpu(settings):
        print("How long it takes is not known beforehand: this machine's processor does not train.")
        return None
    try:
        # a process of its own, so that the memory of torch is free again while the study runs
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one, _killed_if_interrupted():
            with interrupts.held_back():
                answer = one.submit(estimate, memo, found, time.time())
            return answer.result()
    except Exception as error:  # noqa: BLE001 - whatever stands in its way, the study itself goes on
        print(f"How long it takes could not be measured: {first_line(error)}.", file=sys.stderr)
        return None


@contextmanager
def _killed_if_interrupted() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        for process in multiprocessing.active_children():
            process.terminate()
        raise


def _on_gpu(settings: Settings) -> bool:
    from pipeline.running import hardware

    return settings.device != "cpu" and hardware.has_gpu()


def _prepared(settings: Settings) -> bool:
    from pipeline.prepared.reader import DESCRIPTION

    return all((paths.learning(settings.data_of(name)) / DESCRIPTION).exists() for name in settings.study)
