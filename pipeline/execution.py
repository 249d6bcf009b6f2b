"""Many trainings: a memo of finished ones, and a pool of single-threaded workers for the rest."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import multiprocessing
import os
import platform
import signal
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pipeline.errors import SettingsError, TrainingError
from pipeline.memo import keep, place, recall
from pipeline.records import Outcome, Training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkServerContext

    from pipeline.cluster import Cluster

Task = TypeVar("Task")
Result = TypeVar("Result")
# a training, the folder of its data, the memo, and its key
_Unfinished: TypeAlias = tuple[Training, Path, Path, str]

# All code that decides the outcome of a training; a test compares this with what `training` imports
RESULT_CODE = (
    "convolution.py",
    "data/batches.py",
    "data/examples.py",
    "data/prepared.py",
    "data/splits.py",
    "determinism.py",
    "kernels.py",
    "networks.py",
    "optimizers.py",
    "records.py",
    "training.py",
)
_COMPUTING = ("torch", "numpy", "numba")
_ATTEMPTS = 2

# glibc gives large blocks back to the system at once, and every step would ask for them anew, page by page
_WORKER_ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 32),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "OMP_NUM_THREADS": "1",
    # cuBLAS is deterministic with workspaces of a fixed size only
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}


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
            key = training.key(code)
            known = recall(memo, key)
            if known is None:
                missing.append((training, learning(training.problem), memo, key))
            else:
                known_outcomes.append(known)
        following = [task for outcome in known_outcomes for task in finished(outcome, fresh=outcome.key in ahead)]
        return following + missing

    def spare() -> _Unfinished | None:
        training = likely()
        if training is None or (key := training.key(code)) in ahead or place(memo, key).exists():
            return None
        ahead.add(key)
        return training, learning(training.problem), memo, key

    missing = unfinished(trainings)
    if cluster is None:
        _on_processes(missing, workers, partial(finished, fresh=True), spare)
    else:
        _on_cluster(missing, cluster, partial(finished, fresh=True))
    return [outcomes[training.key(code)] for training in trainings]


def parallel(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[Task, Result], Sequence[Task] | None],
    name: Callable[[Task], str] = str,
    spare: Callable[[], Task | None] = lambda: None,
) -> None:
    """Call a function on every task, in processes of one thread each.

    Parameters
    ----------
    function
        Importable by name (it is sent to other processes).
    tasks
        Picklable arguments.
    workers
        Number of processes.
    on_result
        Called in this process with each task and its result, in the order in which they come. May return further
        tasks, which come before all that wait.
    name
        Describes a task in an error.
    spare
        Asked when a process has nothing to do: a task that may come later. Its result is told of if it has come, and
        it is killed if it is the last one under way.

    Raises
    ------
    TrainingError
        Where a process died (killed, out of memory) twice over the same task; the other tasks are done first.
    """
    suspects = _pass(function, tasks, workers, on_result, spare)
    dead = []
    for task in suspects:
        # alone in its pool: if that process dies too, it is this task's doing
        for _ in range(_ATTEMPTS - 1):
            if not _pass(function, [task], 1, on_result):
                break
        else:
            dead.append(task)
    if dead:
        raise TrainingError(
            f"a worker process died {_ATTEMPTS} times over: {'; '.join(name(task) for task in dead)}. "
            "Most often memory ran out: set execution.workers in params.yaml to a smaller number, or free memory. "
            "Everything else is finished and kept; the same command goes on from here."
        )


def start_server() -> None:
    """Let the fork server begin to import what workers need, while this process does something else."""
    with _environment(_WORKER_ENVIRONMENT), _interrupts_held_back():
        _context()
        forkserver.ensure_running()


def code_fingerprint(*more: str) -> str:
    """Return a hash of the code that decides outcomes, and of the versions of the libraries that compute.

    Comments, docstrings and formatting do not count, so that editing them repeats no training.

    Parameters
    ----------
    more
        Names of further files of this package that decide what is asked for.
    """
    return _fingerprint(Path(__file__).parent, more)


@cache
def _fingerprint(package: Path, more: tuple[str, ...] = ()) -> str:
    digest = hashlib.sha256()
    for name in (*RESULT_CODE, *more):
        tree = ast.parse((package / name).read_text(encoding="utf-8"))
        digest.update(ast.dump(_without_docstrings(tree)).encode())
    for distribution in _COMPUTING:
        digest.update(f"{distribution} {importlib.metadata.version(distribution)}".encode())
    digest.update(platform.machine().encode())
    return digest.hexdigest()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


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
    from pipeline import cluster as machines

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

    cluster = replace(cluster, environment=_WORKER_ENVIRONMENT)
    machines.parallel(_train_there, sent(missing), cluster, on_result, lambda task: f"{task[0].optimizer} on {task[0]}")


def _train_there(task: tuple[Training, str, str], learning: Path) -> Outcome:
    """Train on a machine that must have the same code and versions, because the key says so."""
    # all that a fork server imports beforehand, so that a first training's seconds are its own here as well
    from pipeline.worker_imports import training as trainer

    training, key, code = task
    if code_fingerprint() != code:
        versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _COMPUTING)
        raise TrainingError(
            f"{platform.node()} ({platform.machine()}) has {versions}, or a kind of processor, unlike the machine that "
            "asks: results could differ. Install the same requirements.lock on every machine."
        )
    return trainer.train(training, learning, key)


def _train_one(task: _Unfinished) -> None:
    """Train in a worker, and put the outcome into the memo (weights are too big for a pipe)."""
    from pipeline.training import train

    training, learning, memo, key = task
    keep(memo, train(training, learning, key))


def _name_of(task: _Unfinished) -> str:
    return f"{task[0].optimizer} on {task[0]}"


def _recalled(memo: Path, key: str) -> Outcome:
    outcome = recall(memo, key)
    if outcome is None:
        raise TrainingError(f"the finished training {place(memo, key)} vanished: run the same command again.")
    return outcome


def _pass(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[Task, Result], Sequence[Task] | None],
    spare: Callable[[], Task | None] = lambda: None,
) -> list[Task]:
    """Run tasks through fresh pools until all are done; return those at work when a process died."""
    queue = deque(tasks)
    suspects: list[Task] = []
    while queue:
        with _pool(workers) as pool:
            suspects += _drain(partial(_submitted, pool, function), queue, workers, on_result, spare)
    return suspects


def _drain(
    submit: Callable[[Task], Future[Result]],
    queue: deque[Task],
    workers: int,
    on_result: Callable[[Task, Result], Sequence[Task] | None],
    spare: Callable[[], Task | None],
) -> list[Task]:
    """Keep few tasks in the pool, so that a death can be put down to few of them.

    One more than the workers: the next one must not wait until this process has dealt with a result.
    """
    running: dict[Future[Result], Task] = {}
    spares: dict[Future[Result], Task] = {}
    broken: list[Task] = []
    while (queue and not broken) or running:
        while queue and not broken and len(running) + len(spares) <= workers:
            task = queue.popleft()
            running[_taken_over(task, spares) or submit(task)] = task
        if not broken and len(running) + len(spares) < workers and (task_ahead := spare()) is not None:
            spares[submit(task_ahead)] = task_ahead
        done, _ = wait([*running, *spares], return_when=FIRST_COMPLETED)
        for future in done:
            if spares.pop(future, None) is not None:
                continue
            task = running.pop(future)
            try:
                result = future.result()
            except BrokenProcessPool:
                broken.append(task)
                continue
            queue.extendleft(reversed(on_result(task, result) or ()))
    if spares:
        _kill_workers()
    return broken


def _taken_over(task: Task, spares: dict[Future[Result], Task]) -> Future[Result] | None:
    """Return the future of a task that is under way already, because it was likely to come."""
    future = next((future for future, spare in spares.items() if spare == task), None)
    if future is not None:
        del spares[future]
    return future


def _kill_workers() -> None:
    for process in multiprocessing.active_children():
        process.terminate()


def _submitted(pool: ProcessPoolExecutor, function: Callable[[Task], Result], task: Task) -> Future[Result]:
    """Submit a task; a pool that is found broken here gives a future that says so, like any other death."""
    try:
        with _interrupts_held_back():
            return pool.submit(function, task)
    except BrokenProcessPool as error:
        future: Future[Result] = Future()
        future.set_exception(error)
        return future


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, mp_context=_context(), initializer=_start_worker)
    # workers start when they are first needed, so the environment must hold for as long as the pool lives
    with _environment(_WORKER_ENVIRONMENT):
        try:
            yield pool
        except BaseException:
            _kill_workers()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _context() -> ForkServerContext:
    # a fork server: it imports torch once while this process does something else, and forks workers cheaply
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline.fork_server"])
    return context


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Answer Ctrl-C at the end of the block.

    A fork server that is importing torch, or a worker before its first line, would answer with a traceback of its
    own; they inherit the mask. The handler is for other threads of this process, which may get the signal as well.
    """
    held: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if held:
        raise KeyboardInterrupt


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start_worker() -> None:
    # Ctrl-C reaches the whole process group: the main process alone answers it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
