"""Many trainings: read from the memo if finished, else trained by the pool or a cluster."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pipeline.project import paths, seals
from pipeline.project.errors import SettingsError, TrainingError
from pipeline.running import pool, rows
from pipeline.running.cluster import Cluster
from pipeline.running.key import code_fingerprint, key_of
from pipeline.running.memo import keep, place, recall
from pipeline.running.planning import name_of
from pipeline.running.refusals import in_words
from pipeline.training.origin import COMPUTING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.running.settings import ExecutionSettings
    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome, Training


class _Unfinished(NamedTuple):
    training: Training
    learning: Path
    memo: Path
    key: str


def run(
    trainings: Sequence[Training],
    learning: Callable[[str], Path],
    workers: int,
    memo: Path,
    on_finish: Callable[[Outcome, bool], None] = lambda outcome, fresh: None,
    cluster: Cluster | None = None,
    follow: Callable[[Outcome], Sequence[Training]] = lambda outcome: (),
    check: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Finish trainings, reusing those that the memo holds.

    Parameters
    ----------
    trainings
        What to do, the longest first.
    learning
        Returns the folder with a problem's prepared examples.
    workers
        Number of processes. Changes no result.
    memo
        Each training is kept there as soon as it is finished.
    on_finish
        Called in this process with every outcome, and whether it is fresh (not from the memo).
    cluster
        Where to train instead of in processes of this machine. Changes no result.
    follow
        Returns what to train next because of an outcome; called after `on_finish`. These trainings come before all
        waiting ones, because more may follow from them.
    check
        Called before the first training that the memo lacks.

    Returns
    -------
    list of Outcome
        In the order of `trainings`, with weights for those of kind ``train``; without those from `follow`.

    Raises
    ------
    SettingsError, DataError
        If a training refuses its settings or its data.
    TrainingError
        If workers died repeatedly during the same training. All others are finished and kept.
    """
    code = code_fingerprint()
    # problems may share a folder
    undamaged = cache(_undamaged)
    outcomes: dict[str, Outcome] = {}

    def finished(outcome: Outcome, *, fresh: bool = True) -> list[_Unfinished]:
        outcomes[outcome.key] = outcome
        on_finish(outcome, fresh)
        return unfinished(follow(outcome))

    def unfinished(wanted: Sequence[Training]) -> list[_Unfinished]:
        """Take finished trainings from the memo; return those still to do, including those that follow."""
        missing, following = [], []
        for training in wanted:
            key = key_of(training, code)
            known = recall(memo, key)
            if known is None:
                if cluster is None:
                    pool.start_server()
                missing.append(_Unfinished(training, undamaged(learning(training.problem)), memo, key))
            else:
                # its optimizer's file may have lain in another folder then
                following.append(replace(known, training=training))
        return [task for known in following for task in finished(known, fresh=False)] + missing

    missing = unfinished(trainings)
    if missing:
        check()
    with in_words():
        if cluster is None:
            pool.parallel(_train_here, missing, workers, lambda task, _: finished(_recalled(task)), _name)
        else:
            _on_cluster(missing, cluster, finished)
    return [outcomes[key_of(training, code)] for training in trainings]


def _undamaged(learning: Path) -> Path:
    """Return a folder of prepared examples once its bytes are known to be those that were written."""
    # no test examples: a training must not open them
    seals.check(learning, *(path.name for path in learning.glob("*")))
    return learning


def run_study(
    trainings: Sequence[Training],
    settings: Settings,
    execution: ExecutionSettings,
    on_finish: Callable[[Outcome, bool], None],
    follow: Callable[[Outcome], Sequence[Training]] = lambda outcome: (),
) -> list[Outcome]:
    """Run trainings as `run` does, with the workers of the settings and the project's data and memo.

    Before anything trains, all rows of the settings are checked.
    """

    def learning(problem: str) -> Path:
        return paths.learning(settings.data_of(problem))

    def check() -> None:
        rows.check(settings)

    workers, cluster = execution.worker_count(), cluster_of(execution)
    return run(trainings, learning, workers, paths.memo(), on_finish, cluster, follow, check)


def cluster_of(execution: ExecutionSettings) -> Cluster | None:
    """Return the cluster that the settings name, or None where this machine's processes train."""
    if execution.engine == "processes":
        return None
    # a cluster started here must not use more cores than this process may
    of_this_machine = execution.worker_count() if execution.ray_address is None else None
    most = of_this_machine if execution.workers == "auto" else execution.workers
    return Cluster(execution.ray_address, most, execution.ray_logs)


@in_words()  # here, where the error's line is known
def _train_here(task: _Unfinished) -> None:
    """Train in a worker, and put the outcome into the memo (weights are too big for a pipe)."""
    from pipeline.training.train import train

    keep(task.memo, train(task.training, task.learning, task.key))


def _on_cluster(
    missing: Sequence[_Unfinished], cluster: Cluster, finished: Callable[[Outcome], list[_Unfinished]]
) -> None:
    from pipeline.running import cluster as machines

    if any(task.training.device != "cpu" for task in missing):
        raise SettingsError(
            "params.yaml: execution.engine: ray trains on CPUs only: set device to cpu, or the engine to processes."
        )

    def sent(tasks: Sequence[_Unfinished]) -> list[tuple[_Unfinished, Path]]:
        return [(task, task.learning) for task in tasks]

    def on_result(task: _Unfinished, outcome: Outcome) -> list[tuple[_Unfinished, Path]]:
        # kept by this process: the machines may not share a disk
        keep(task.memo, outcome)
        return sent(finished(_recalled(task)))

    machines.parallel(_train_there, sent(missing), cluster, on_result, _name)


@in_words()
def _train_there(task: _Unfinished, learning: Path) -> Outcome:
    """Train on a machine that must have the same code and versions, because the key contains them."""
    from pipeline.training.train import train

    if key_of(task.training, code_fingerprint()) != task.key:
        versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in COMPUTING)
        raise TrainingError(
            f"{platform.node()} ({platform.machine()}) differs from the machine that asks, in its code, its kind of "
            f"processor, Python {platform.python_version()} or its libraries ({versions}): results could differ. "
            "Install the same requirements.lock on every machine."
        )
    return train(task.training, learning, task.key)


def _name(task: _Unfinished) -> str:
    return name_of(task.training)


def _recalled(task: _Unfinished) -> Outcome:
    outcome = recall(task.memo, task.key)
    if outcome is None:
        raise TrainingError(f"the finished training {place(task.memo, task.key)} vanished: run the same command again.")
    return replace(outcome, training=task.training)
