from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline.project import files
from pipeline.project.errors import SettingsError, TrainingError
from pipeline.running import cluster, trainings
from pipeline.running.cluster import Cluster
from tests import needs
from tests.running.helpers import content, short, task

# Ray leaves sockets and processes to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore")

SCRIPT = """
import sys
from pathlib import Path
from pipeline.project import errors
from pipeline.project.files import read_json
from pipeline.running import trainings
from pipeline.running.cluster import Cluster
from pipeline.training.record import OptimizerRow, Training

def main(folder):
    fields = read_json(folder / "trainings.json")
    wanted = [Training(**{**some, "row": OptimizerRow.from_json(some["row"])}) for some in fields]
    trainings.run(
        wanted, lambda problem: folder / "learning", 2, folder / "memo",
        lambda outcome, fresh: print("fresh" if fresh else "known", outcome.key, flush=True),
        Cluster(most=2),
    )

with errors.one_message():
    main(Path(sys.argv[1]))
"""


@pytest.fixture
def by_value(pool_tasks):
    """What can be sent to a cluster, which has the package but not the tests."""
    needs.ray()
    import ray

    ray.cloudpickle.register_pickle_by_value(pool_tasks)
    yield pool_tasks
    ray.cloudpickle.unregister_pickle_by_value(pool_tasks)


@pytest.fixture
def two_nodes(monkeypatch, tmp_path):
    """A cluster of two machines with one core each, this process not yet connected."""
    needs.ray()
    import ray
    from ray.cluster_utils import Cluster as Machines

    # the workers' copies of the examples; Ray's sockets need a short path of their own
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")  # noqa: S108
    monkeypatch.setattr(tempfile, "tempdir", None)
    machines = Machines(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    machines.add_node(num_cpus=1)
    machines.wait_for_nodes()
    yield machines
    ray.shutdown()
    machines.shutdown()


@pytest.fixture
def here():
    """A cluster of this machine alone."""
    needs.ray()
    import ray

    yield Cluster(most=2)
    ray.shutdown()


# What a user does wrong


def test_ray_is_asked_for_and_not_installed(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"Ray is not installed: run `make ray`"):
        cluster.parallel(str, [("task", tmp_path)], Cluster(), print)  # type: ignore[arg-type]


def test_a_cluster_does_not_train_on_gpus(learning, tmp_path):
    with pytest.raises(SettingsError, match="ray trains on CPUs only: set device to cpu"):
        trainings.run([task(device="cuda")], lambda _: learning, 1, tmp_path, cluster=Cluster())


def test_nothing_to_do_needs_no_cluster(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    cluster.parallel(str, [], Cluster(), print)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "auto"])
def test_no_cluster_answers(address, monkeypatch, tmp_path):
    needs.ray()
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    # bound but not listening: nobody can answer there
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        there = Cluster(address.format(port=taken.getsockname()[1]))
        with pytest.raises(SettingsError, match="no Ray cluster answers at"):
            cluster.parallel(str, [("task", tmp_path)], there, print)  # type: ignore[arg-type]


# The same results


@pytest.mark.slow
def test_two_machines_give_the_same_bytes_as_processes(two_nodes, learning, tmp_path):
    there = Cluster(two_nodes.address)
    fresh: list[bool] = []
    outcomes = trainings.run(
        short(), lambda _: learning, 1, tmp_path / "ray", lambda outcome, is_fresh: fresh.append(is_fresh), there
    )
    assert fresh == [True] * 4
    assert content(outcomes) == content(trainings.run(short(), lambda _: learning, 2, tmp_path / "processes"))
    # the memo is the same, too: neither engine trains again what the other one has done
    names = [sorted(p.name for p in (tmp_path / memo).rglob("*.safetensors")) for memo in ("ray", "processes")]
    assert names[0] == names[1]
    known: list[bool] = []
    trainings.run(short(), lambda _: learning, 1, tmp_path / "ray", lambda outcome, is_fresh: known.append(is_fresh))
    assert known == [False] * 4


@pytest.mark.slow
def test_what_follows_from_an_outcome_is_trained_there_too(learning, tmp_path):
    needs.ray()
    told: list[int] = []
    trainings.run(
        [task(seed=1)],
        lambda _: learning,
        1,
        tmp_path,
        lambda outcome, fresh: told.append(outcome.training.seed),
        Cluster(most=2),
        follow=lambda outcome: [task(seed=s) for s in (2, 3)] if outcome.training.seed == 1 else [],
    )
    assert sorted(told) == [1, 2, 3]


@pytest.mark.slow
def test_a_machine_goes_down_and_its_trainings_are_done_elsewhere(two_nodes, learning, by_value, tmp_path):
    wanted = [task(seed=seed, epochs=12, batch_size=8) for seed in range(8)]
    expected = trainings.run(wanted, lambda _: learning, 2, tmp_path / "processes")
    notes = tmp_path / "notes"
    notes.mkdir()
    lost = [node for node in two_nodes.list_all_nodes() if node != two_nodes.head_node]
    done: list[str] = []

    def on_result(task: tuple[str, str, Path], result: str) -> None:
        done.append(task[0])
        if lost:
            two_nodes.remove_node(lost.pop(), allow_graceful=False)

    tasks = [((f"task{n}", "work", notes), learning) for n in range(6)]
    cluster.parallel(by_value.note_there, tasks, Cluster(two_nodes.address), on_result)
    assert sorted(done) == [f"task{n}" for n in range(6)]
    # and the trainings likewise, with the other machine back
    lost.append(two_nodes.add_node(num_cpus=1))
    told: list[Any] = []

    def listen(outcome: Any, fresh: bool) -> None:
        told.append(outcome.key)
        if lost:
            two_nodes.remove_node(lost.pop(), allow_graceful=False)

    there = Cluster(two_nodes.address)
    outcomes = trainings.run(wanted, lambda _: learning, 1, tmp_path / "ray", listen, there)
    assert sorted(told) == sorted(outcome.key for outcome in expected), "each is told once"
    assert content(outcomes) == content(expected)


@pytest.mark.slow
def test_examples_travel_once_to_a_machine_and_arrive_whole(two_nodes, learning, by_value, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    places: set[str] = set()
    tasks = [((f"task{n}", "work", notes), learning) for n in range(4)]
    cluster.parallel(
        by_value.note_there, tasks, Cluster(two_nodes.address), lambda task, result: places.add(result.split()[-1])
    )
    # both machines are this one, with one folder for temporary files
    assert len(places) == 1
    copy = Path(places.pop())
    assert copy != learning
    assert {p.name: p.read_bytes() for p in copy.iterdir()} == {p.name: p.read_bytes() for p in learning.iterdir()}


# Workers


@pytest.mark.slow
def test_workers_on_this_machine(here, learning, by_value, tmp_path):
    found: list[dict[str, Any]] = []
    tasks = [(number, learning) for number in range(2)]
    cluster.parallel(by_value.surroundings_there, tasks, here, lambda _, result: found.append(result))
    for result in found:
        assert result["OMP_NUM_THREADS"] == "1"
        assert result["threads"] == 1
        assert int(result["MALLOC_TRIM_THRESHOLD_"]) == int(result["MALLOC_MMAP_THRESHOLD_"]) >= 1 << 30
    # an error arrives as it is
    with pytest.raises(SettingsError, match=r"^params.yaml: wrong$"):
        cluster.parallel(by_value.fail_there, [(SettingsError("params.yaml: wrong"), learning)], here, print)


@pytest.mark.slow
def test_a_deadly_task_is_tried_three_times_and_named(here, learning, by_value, tmp_path):
    tasks = [((f"task{n}", "kill" if n == 1 else "work", tmp_path), learning) for n in range(3)]
    done: list[str] = []
    with pytest.raises(TrainingError, match=r"3 times over: <task1>\."):
        cluster.parallel(
            by_value.note_there, tasks, here, lambda task, _: done.append(task[0]), lambda task: f"<{task[0]}>"
        )
    assert sorted(done) == ["task0", "task2"]
    assert len(list(tmp_path.glob("task1.*"))) == 3


@pytest.mark.slow
def test_another_version_of_the_code_is_refused(here, learning, monkeypatch, tmp_path):
    needs.ray()
    monkeypatch.setattr(trainings, "code_fingerprint", lambda: "of another machine")
    with pytest.raises(TrainingError, match=r"Install the same requirements\.lock on every machine"):
        trainings.run(short(), lambda _: learning, 1, tmp_path / "memo", cluster=here)


@pytest.mark.slow
def test_it_is_quiet_listens_to_this_machine_alone_and_ctrl_c_leaves_nothing(learning, tmp_path):
    needs.ray()
    shutil.copytree(learning, tmp_path / "learning")
    long = [task(seed=seed, epochs=12, batch_size=8) for seed in range(30)]
    files.write_json(tmp_path / "trainings.json", [asdict(training) for training in long])
    script = tmp_path / "study.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(cluster.__file__).parents[2])},
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("fresh")
    family = psutil.Process(process.pid).children(recursive=True)
    assert _listening([psutil.Process(process.pid), *family]) == {"127.0.0.1"}
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert stderr.splitlines() == ["interrupted: finished trainings are kept; the same command goes on from here"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and any(member.is_running() for member in family):
        time.sleep(0.1)
    assert [member for member in family if member.is_running()] == []


def _listening(processes: list[psutil.Process]) -> set[str]:
    """Return the addresses at which processes take connections."""
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in processes
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
