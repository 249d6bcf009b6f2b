"""Many trainings: taken from the memo where they are finished, trained by the pool where not."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pipeline.project import paths
from pipeline.project.errors import SettingsError, TrainingError
from pipeline.running.cluster import Cluster
from pipeline.running.key import COMPUTING, code_fingerprint, key_of
from pipeline.running.memo import keep, place, recall
from pipeline.running.pool import WORKER_ENVIRONMENT, parallel
from pipeline.training.record import Outcome, Training

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.running.settings import ExecutionSettings
    from pipeline.settings.study import Settings

# a training, the folder of its data, the memo, and its key
_Unfinished: TypeAlias = tuple[Training, Path, Path, str]


def run(
    trainings: Sequence[Training],
    learning: Callable[[str], Path],
    workers: int,
    memo: Path,
    on_finish: Callable[[Outcome, bool], None] = lambda outcome, fresh: None,
    cluster: Cluster | None = None,
    follow: Callable[[Outcome], Sequence[Training]] = lambda outcome: (),
    likely: Callable[[], Training | None] = lambda: None,
) -> list[Outcome]:
    """Bring trainings to their end, reusing those that the memo holds.

    Parameters
    ----------
    trainings
        What to do, the longest first.
    learning
        Gives the folder with a problem's prepared examples.
    workers
        Number of processes. Changes no result.
    memo
        Folder of finished trainings; each is kept as soon as it is finished.
    on_finish
        Called in this process with every outcome as it comes, and whether it is fresh (not from the memo).
    cluster
        Machines to train on instead of this one's processes. Changes no result.
    follow
        Says what to train because of an outcome, after `on_finish` was told of it. It comes before all that waits:
        more may follow from it, one after the other.
    likely
        Asked when a worker of this machine has nothing to do: a training that will probably be wanted. It is heard of
        if that comes true, and given up if it is still under way when all others are done.

    Returns
    -------
    list of Outcome
        In the order of `trainings`, with weights for those of kind ``train``; what followed is not among them.

    Raises
    ------
    TrainingError
        Where workers died time and again over the same training. All others were finished, and are kept.
    """
    code = code_fingerprint()
    outcomes: dict[str, Outcome] = {}
    ahead: set[str] = set()

    def finished(outcome: Outcome, *, fresh: bool) -> list[_Unfinished]:
        outcomes[outcome.key] = outcome
        on_finish(outcome, fresh)
        return unfinished(follow(outcome))

    def unfinished(wanted: Sequence[Training]) -> list[_Unfinished]:
        """Take over what the memo holds; return what is left to do, and what follows."""
        missing, known_outcomes = [], []
        for training in wanted:
            key = key_of(training, code)
            known = recall(memo, key)
            if known is None:
                missing.append((training, learning(training.problem), memo, key))
            else:
                known_outcomes.append(known)
        following = [task for outcome in known_outcomes for task in finished(outcome, fresh=outcome.key in ahead)]
        return following + missing

    def spare() -> _Unfinished | None:
        training = likely()
        if training is None or (key := key_of(training, code)) in ahead or place(memo, key).exists():
            return None
        ahead.add(key)
        return training, learning(training.problem), memo, key

    missing = unfinished(trainings)
    if cluster is None:
        _on_processes(missing, workers, partial(finished, fresh=True), spare)
    else:
        _on_cluster(missing, cluster, partial(finished, fresh=True))
    return [outcomes[key_of(training, code)] for training in trainings]


def _on_processes(
    missing: Sequence[_Unfinished],
    workers: int,
    finished: Callable[[Outcome], list[_Unfinished]],
    spare: Callable[[], _Unfinished | None],
) -> None:
    def on_result(task: _Unfinished, _: None) -> list[_Unfinished]:
        return finished(_recalled(task[2], task[3]))

    parallel(_train_one, missing, workers, on_result, _name_of, spare)


def _on_cluster(
    missing: Sequence[_Unfinished], cluster: Cluster, finished: Callable[[Outcome], list[_Unfinished]]
) -> None:
    from pipeline.running import cluster as machines

    if any(training.device != "cpu" for training, _, _, _ in missing):
        raise SettingsError(
            "params.yaml: execution.engine: ray trains on CPUs only: set device to cpu, or the engine to processes."
        )
    memos: dict[str, Path] = {}

    def sent(unfinished: Sequence[_Unfinished]) -> list[tuple[tuple[Training, str, str], Path]]:
        memos.update({key: memo for _, _, memo, key in unfinished})
        return [((training, key, code_fingerprint()), learning) for training, learning, _, key in unfinished]

    def on_result(task: tuple[Training, str, str], outcome: Outcome) -> list[tuple[tuple[Training, str, str], Path]]:
        # here and not there: the machines may share no disk
        keep(memos[task[1]], outcome)
        return sent(finished(_recalled(memos[task[1]], task[1])))

    cluster = replace(cluster, environment=WORKER_ENVIRONMENT)
    machines.parallel(_train_there, sent(missing), cluster, on_result, lambda task: f"{task[0].optimizer} on {task[0]}")


def _train_there(task: tuple[Training, str, str], learning: Path) -> Outcome:
    """Train on a machine that must have the same code and versions, because the key says so."""
    # all that a fork server imports beforehand, so that a first training's seconds are its own here as well
    from pipeline.running.worker_imports import train as trainer

    training, key, code = task
    if code_fingerprint() != code:
        versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in COMPUTING)
        raise TrainingError(
            f"{platform.node()} ({platform.machine()}) has {versions}, or a kind of processor, unlike the machine that "
            "asks: results could differ. Install the same requirements.lock on every machine."
        )
    return trainer.train(training, learning, key)


def _train_one(task: _Unfinished) -> None:
    """Train in a worker, and put the outcome into the memo (weights are too big for a pipe)."""
    from pipeline.training.train import train

    training, learning, memo, key = task
    keep(memo, train(training, learning, key))


def _name_of(task: _Unfinished) -> str:
    return f"{task[0].optimizer} on {task[0]}"


def _recalled(memo: Path, key: str) -> Outcome:
    outcome = recall(memo, key)
    if outcome is None:
        raise TrainingError(f"the finished training {place(memo, key)} vanished: run the same command again.")
    return outcome


def run_study(
    trainings: Sequence[Training],
    settings: Settings,
    execution: ExecutionSettings,
    on_finish: Callable[[Outcome, bool], None],
    follow: Callable[[Outcome], Sequence[Training]] = lambda outcome: (),
    likely: Callable[[], Training | None] = lambda: None,
) -> list[Outcome]:
    """Run trainings as `run` does, with the workers of the settings and the project's data and memo."""
    cluster = _cluster(execution)

    def learning(problem: str) -> Path:
        return paths.learning(settings.data_of(problem))

    return run(trainings, learning, execution.worker_count(), paths.memo(), on_finish, cluster, follow, likely)


def _cluster(chosen: ExecutionSettings) -> Cluster | None:
    if chosen.engine == "processes":
        return None
    # one started here must not take more cores than this process may use
    of_this_machine = chosen.worker_count() if chosen.ray_address is None else None
    most = of_this_machine if chosen.workers == "auto" else chosen.workers
    return Cluster(chosen.ray_address, most, chosen.ray_logs)
