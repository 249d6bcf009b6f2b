"""Trainings of a stage, run in the pool, shown as they finish, and recorded in MLflow."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from pipeline import execution, paths
from pipeline.cluster import Cluster
from pipeline.data import prepared, problems
from pipeline.tracking import DataSet, Tracker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.config import ExecutionSettings, Settings
    from pipeline.progress import Progress
    from pipeline.records import Outcome, Training
    from pipeline.timing import StageTime

TRACKING, LATER = "PIPELINE_TRACKING", "later"


def datasets(settings: Settings) -> dict[str, DataSet]:
    """Describe the data of all problems for MLflow."""
    return {name: _dataset(name) for name in settings.problems}


def _dataset(name: str) -> DataSet:
    problem, description = problems.by_name(name), prepared.describe(paths.learning(name))
    return DataSet(
        problem=name,
        title=problem.TITLE,
        description=problem.DESCRIPTION,
        digest=paths.dvc_hash(paths.learning(name)) or description.digest[:32],
        source=str(paths.learning(name)),
        shape=description.shape,
        classes=description.classes,
        counts=description.counts,
    )


def tracker(settings: Settings) -> Tracker:
    """Connect to MLflow in the background: its import takes as long as a small training.

    With the environment variable ``PIPELINE_TRACKING=later``, nothing is recorded now: `make ui` fills it in.
    """
    connected = Tracker(datasets(settings), warn=lambda text: print(f"warning: {text}", file=sys.stderr))
    if os.environ.get(TRACKING) == LATER:
        connected.usable = False
        return connected
    threading.Thread(target=connected.connect, daemon=True).start()
    return connected


def check(settings: Settings) -> None:
    """Check all rows against torch, and all networks, before any work.

    Raises
    ------
    SettingsError
        Where a class, an argument or a network is unknown or refused.
    """
    # in a worker, because torch is there already: its import costs more than everything else here
    execution.parallel(check_here, [settings], 1, lambda _, __: None)


def check_here(settings: Settings) -> None:
    """Check as `check` does, in this process."""
    from pipeline import networks, optimizers, torch_defaults, torch_ranges

    for problem in settings.problems.values():
        networks.check(problem.network)
    for name, row in settings.optimizers.items():
        content = row.model_dump(by_alias=True)
        torch_defaults.check_kinds(name, content)
        torch_ranges.check_values(name, content)
        optimizers.check(name, content, row.learning_rate)


def run(
    settings: Settings,
    trainings: Sequence[Training],
    bar: Progress,
    record: Tracker,
    spent: StageTime,
    follow: Callable[[Outcome], Sequence[Training]] = lambda outcome: (),
    likely: Callable[[], Training | None] = lambda: None,
) -> list[Outcome]:
    """Run trainings with the settings' workers and the project's memo.

    Parameters
    ----------
    settings
        With the number of workers.
    trainings
        What to do, the longest first.
    bar
        Advanced by one a training.
    record
        Told every outcome as it comes.
    spent
        Gets the time of those that the memo did not hold.
    follow
        Says what to train because of an outcome.
    likely
        Says what will probably be wanted, where a worker has nothing to do.

    Returns
    -------
    list of Outcome
        In the order of `trainings`.
    """
    workers = settings.execution.worker_count()
    spent.workers = workers
    listen = _listener(bar, record, spent)
    cluster = _cluster(settings.execution)
    return execution.run(trainings, paths.learning, workers, paths.memo(), listen, cluster, follow, likely)


def _cluster(chosen: ExecutionSettings) -> Cluster | None:
    if chosen.engine == "processes":
        return None
    # one started here must not take more cores than this process may use
    of_this_machine = chosen.worker_count() if chosen.ray_address is None else None
    most = of_this_machine if chosen.workers == "auto" else chosen.workers
    return Cluster(chosen.ray_address, most, chosen.ray_logs)


def _listener(bar: Progress, record: Tracker, spent: StageTime) -> Callable[[Outcome, bool], None]:
    def listen(outcome: Outcome, fresh: bool) -> None:
        if fresh:
            spent.training_seconds += outcome.seconds
            spent.trainings += 1
        if outcome.diverged:
            bar.say(f"{outcome.training.optimizer} on {outcome.training} diverged at step {outcome.diverged_at}")
        record.sync([outcome])
        bar.advance(note=str(outcome.training))

    return listen
