"""The pool: order, deaths, errors."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import SettingsError, TrainingError
from pipeline.running import pool

if TYPE_CHECKING:
    from pathlib import Path


def test_further_tasks_come_before_those_that_wait(pool_tasks, tmp_path):
    done: list[str] = []

    def on_result(task: tuple[str, str, Path], result: str) -> list[tuple[str, str, Path]]:
        done.append(task[0])
        return [(f"{task[0]}{letter}", "work", tmp_path) for letter in "ab"] if task[0] == "task1" else []

    pool.parallel(pool_tasks.note, [(f"task{n}", "work", tmp_path) for n in range(1, 6)], 1, on_result)
    # one more than the worker is under way already
    assert done == ["task1", "task2", "task1a", "task1b", "task3", "task4", "task5"]


def test_workers_have_one_thread_and_keep_their_memory(pool_tasks):
    found: list[dict[str, Any]] = []
    before = dict(os.environ)
    pool.parallel(pool_tasks.surroundings, [1, 2], 2, lambda _, result: found.append(result))
    assert dict(os.environ) == before
    for result in found:
        assert result["pid"] != os.getpid()
        assert result["interrupt"]
        assert result["OMP_NUM_THREADS"] == "1"
        assert result["threads"] == 1
        assert int(result["MALLOC_TRIM_THRESHOLD_"]) == int(result["MALLOC_MMAP_THRESHOLD_"]) >= 1 << 30


def test_a_server_that_starts_early_has_the_memory_settings_of_the_workers():
    script = """
import psutil
from pipeline.running import pool

if __name__ == "__main__":
    pool.start_server()
    started = psutil.Process().children()
    pool.parallel(len, ["task"], 1, lambda task, result: None)
    # the fork server and multiprocessing's resource tracker
    print(len(started), psutil.Process().children() == started)
    print(*["MALLOC_TRIM_THRESHOLD_" in process.environ() for process in (*started, psutil.Process())])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["2 True", "True True False"]


@pytest.mark.parametrize("deed", ["exit", "kill", "too much memory", "no room for a library"])
def test_a_deadly_task_is_retried_and_named_and_the_others_are_done(deed, pool_tasks, tmp_path):
    tasks = [(f"task{n}", deed if n == 2 else "work", tmp_path) for n in range(8)]
    done: list[str] = []
    with pytest.raises(TrainingError) as caught:
        pool.parallel(pool_tasks.note, tasks, 2, lambda task, result: done.append(result), lambda task: f"<{task[0]}>")
    assert sorted(done) == [f"task{n} done" for n in range(8) if n != 2]
    # perhaps once beside others, and twice alone
    assert len(list(tmp_path.glob("task2.*"))) in (2, 3)
    message = str(caught.value)
    assert "<task2>" in message
    assert [n for n in range(8) if f"<task{n}>" in message] == [2]
    assert "execution.workers" in message


@pytest.mark.parametrize("deed", ["kill once", "too much memory once"])
def test_a_task_that_dies_once_is_done_all_the_same(deed, pool_tasks, tmp_path):
    tasks = [(f"task{n}", deed if n in (0, 4) else "work", tmp_path) for n in range(6)]
    done: list[str] = []
    pool.parallel(pool_tasks.note, tasks, 2, lambda task, result: done.append(result))
    assert sorted(done) == [f"task{n} done" for n in range(6)]


def test_a_fork_server_that_dies_is_started_again(pool_tasks, tmp_path):
    pool.start_server()
    (server,) = (one for one in psutil.Process().children() if "forkserver" in " ".join(one.cmdline()))
    # it answers no more, and dies while the first worker is asked of it
    server.suspend()
    threading.Timer(1, server.kill).start()
    done: list[str] = []
    tasks = [(f"task{n}", "work", tmp_path) for n in range(4)]
    pool.parallel(pool_tasks.note, tasks, 2, lambda task, result: done.append(result))
    assert sorted(done) == [f"task{n} done" for n in range(4)]


def test_two_deadly_tasks_are_both_named(pool_tasks, tmp_path):
    tasks = [(f"task{n}", "exit" if n in (0, 1, 5) else "work", tmp_path) for n in range(6)]
    done: list[str] = []
    with pytest.raises(TrainingError) as caught:
        pool.parallel(pool_tasks.note, tasks, 2, lambda task, result: done.append(result))
    assert [n for n in range(6) if f"task{n}" in str(caught.value)] == [0, 1, 5]
    assert sorted(done) == ["task2 done", "task3 done", "task4 done"]


@pytest.mark.parametrize(
    "error",
    [SettingsError("params.yaml: wrong"), ValueError("what"), RuntimeError("no"), Refusal("no_rest", kind="Muon")],
)
def test_an_error_in_a_worker_arrives_as_it_is(error, pool_tasks):
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(type(error)) as caught:
        pool.parallel(pool_tasks.fail, [error], 2, lambda task, result: None)
    assert str(caught.value) == str(error)
    assert _left_over(before) == []


def test_an_error_in_the_listener_leaves_no_worker_behind(pool_tasks, tmp_path):
    before = set(psutil.Process().children(recursive=True))

    def interrupted(task: object, result: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.parallel(pool_tasks.note, [(f"task{n}", "work", tmp_path) for n in range(50)], 2, interrupted)
    assert _left_over(before) == []
    assert len(list(tmp_path.iterdir())) < 10


def _left_over(before: set[psutil.Process]) -> list[list[str]]:
    """Return workers that are still there a moment later; fork server and resource tracker stay on purpose."""
    new = [p for p in psutil.Process().children(recursive=True) if p not in before]
    servers = [p for p in new if p.ppid() == os.getpid()]
    _, alive = psutil.wait_procs([p for p in new if p not in servers], timeout=30)
    return [p.cmdline() for p in alive if p.status() != psutil.STATUS_ZOMBIE]
