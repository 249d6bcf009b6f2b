"""Tasks for a pool of single-threaded processes, which survives the death of any of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.project import interrupts
from pipeline.project.errors import TrainingError, lacks_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkServerContext


Task = TypeVar("Task")
Result = TypeVar("Result")

_ATTEMPTS = 2

# glibc returns large blocks to the system at once, and every step would request them again, page by page
WORKER_ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 32),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
    "OMP_NUM_THREADS": "1",
    # cuBLAS is deterministic with workspaces of a fixed size only
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}


def parallel(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[Task, Result], Sequence[Task] | None],
    name: Callable[[Task], str] = str,
) -> None:
    """Call a function on every task, in processes of one thread each.

    Parameters
    ----------
    function
        Importable by name (it is sent to other processes).
    on_result
        Called in this process with each task and its result, in the order in which they finish. May return further
        tasks, which come before all waiting ones.
    name
        Describes a task in an error.

    Raises
    ------
    TrainingError
        If a process died, or had no memory, twice while running one task alone; all others are finished first.
    """
    suspects = _run(function, tasks, workers, on_result)
    # some had not even begun: a task is the cause only if it dies every time when alone in its pool
    dead = [task for task in suspects if all(_run(function, [task], 1, on_result) for _ in range(_ATTEMPTS))]
    if dead:
        raise TrainingError(
            f"a worker process died {_ATTEMPTS} times over: {'; '.join(name(task) for task in dead)}. "
            "Most often memory ran out: set execution.workers in params.yaml to a smaller number, or free memory. "
            "Everything else is finished and kept; the same command goes on from here."
        )


def start_server() -> None:
    """Let the fork server begin to import what workers need, while this process does something else."""
    with _environment(), interrupts.held_back():
        _context()
        forkserver.ensure_running()


def _run(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int,
    on_result: Callable[[Task, Result], Sequence[Task] | None],
) -> list[Task]:
    """Run tasks through fresh pools until all are done; return those that were running when a process died."""
    queue = deque(tasks)
    suspects: list[Task] = []
    while queue:
        with _pool(workers) as pool:
            suspects += _drain(partial(_submitted, pool, function), queue, workers, on_result)
    return suspects


def _drain(
    submit: Callable[[Task], Future[Result]],
    queue: deque[Task],
    workers: int,
    on_result: Callable[[Task, Result], Sequence[Task] | None],
) -> list[Task]:
    """Empty the queue, or stop when a process dies; return the tasks that were running then.

    Few tasks are in the pool at a time, so that few are suspects. One more than the workers: the next one must not wait
    until this process has handled a result.
    """
    running: dict[Future[Result], Task] = {}
    broken: list[Task] = []
    while (queue and not broken) or running:
        while queue and not broken and len(running) <= workers:
            task = queue.popleft()
            running[submit(task)] = task
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            task = running.pop(future)
            try:
                result = _result_of(future)
            except BrokenProcessPool:
                broken.append(task)
                continue
            queue.extendleft(reversed(on_result(task, result) or ()))
    return broken


def _result_of(future: Future[Result]) -> Result:
    """Return a task's result; a process without memory counts as dead, whether the system ended it or not."""
    try:
        return future.result()
    except (MemoryError, OSError, ImportError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        raise BrokenProcessPool(str(error)) from error


def _kill_workers() -> None:
    for process in multiprocessing.active_children():
        process.terminate()


def _submitted(pool: ProcessPoolExecutor, function: Callable[[Task], Result], task: Task) -> Future[Result]:
    try:
        with interrupts.held_back():
            return pool.submit(function, task)
    except (BrokenProcessPool, EOFError, ConnectionError) as error:
        # handled like a death during the task; the last two are those of the fork server, which is started again
        future: Future[Result] = Future()
        future.set_exception(BrokenProcessPool(str(error)))
        return future


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, mp_context=_context(), initializer=_start_worker)
    # workers start when they are first needed, so the environment must stay set while the pool lives
    with _environment():
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
    context.set_forkserver_preload(["pipeline.running.fork_server"])
    return context


@contextmanager
def _environment() -> Iterator[None]:
    """Set the workers' environment variables, which they inherit."""
    before = {name: os.environ.get(name) for name in WORKER_ENVIRONMENT}
    os.environ.update(WORKER_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start_worker() -> None:
    # what an optimizer's code prints must not end in the answer of a command, which may be JSON
    os.dup2(2, 1)
    # Ctrl-C reaches the whole process group: only the main process handles it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
