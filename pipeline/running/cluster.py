"""A pool of single-threaded workers on many machines, through Ray. The only file that imports it."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import socket
import tempfile
from collections import deque
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.project import files
from pipeline.project.errors import SettingsError, TrainingError, first_line
from pipeline.running.pool import WORKER_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Task = TypeVar("Task")
Result = TypeVar("Result")

# one more than for processes: a machine that goes down ends innocent tasks too
_ATTEMPTS = 3
_REACH_SECONDS = 5.0
# Ray's own switches, read when it is imported
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
# makes Ray use 127.0.0.1 as this machine's address; `ray.init` would replace it by a public one
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


@dataclass(frozen=True)
class Cluster:
    """Where to find the workers."""

    # `host:port` of a cluster's head; `auto`: the cluster that this machine is part of; None: start one on this machine
    # alone, which listens on 127.0.0.1 and ends with this process
    address: str | None = None
    most: int | None = None  # most tasks at once; None for one per core of the cluster
    logs: bool = False  # whether Ray's own lines, and what workers print, go to the terminal


def parallel(
    function: Callable[[Task, Path], Result],
    tasks: Sequence[tuple[Task, Path]],
    cluster: Cluster,
    on_result: Callable[[Task, Result], Sequence[tuple[Task, Path]] | None],
    name: Callable[[Task], str] = str,
) -> None:
    """Call a function on every task, on the machines of a cluster, as `pool.parallel` does in processes.

    Each task, like those that `on_result` returns, comes with a folder of files that it reads. A folder travels once
    to every machine; the function is told where it lies there. A task fails if its worker dies three times.
    """
    if not tasks:
        return
    ray = _connected(cluster)
    try:
        dead = _drain(ray, function, tasks, cluster, on_result)
    except BaseException:
        # the cluster kills what a driver leaves behind
        ray.shutdown()
        raise
    if dead:
        raise TrainingError(
            f"workers of the Ray cluster died {_ATTEMPTS} times over: {'; '.join(name(task) for task in dead)}. "
            "Most often memory ran out: start its nodes with a smaller --num-cpus. "
            "Everything else is finished and kept; the same command goes on from here."
        )


def _drain(
    ray: Any,
    function: Callable[[Task, Path], Result],
    tasks: Sequence[tuple[Task, Path]],
    cluster: Cluster,
    on_result: Callable[[Task, Result], Sequence[tuple[Task, Path]] | None],
) -> list[Task]:
    """Finish all tasks; return those whose workers died too often."""
    # retries are counted here: Ray's own never end where memory runs out
    call = ray.remote(num_cpus=1, max_retries=0)(_call)
    shipments: dict[Path, _Shipment] = {}
    queue = deque((task, folder, 1) for task, folder in tasks)
    running: dict[Any, tuple[Task, Path, int]] = {}
    dead: list[Task] = []
    while queue or running:
        while queue and len(running) < _limit(ray, cluster):
            task, folder, attempt = queue.popleft()
            if folder not in shipments:
                shipments[folder] = _shipment(ray, folder, cluster)
            running[call.remote(function, task, shipments[folder])] = (task, folder, attempt)
        done, _ = ray.wait(list(running), num_returns=1)
        task, folder, attempt = running.pop(done[0])
        try:
            result = ray.get(done[0])
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.RayError:
            # a worker or its whole machine is gone, or the result with it
            if attempt < _ATTEMPTS:
                queue.append((task, folder, attempt + 1))
            else:
                dead.append(task)
            continue
        further = on_result(task, result) or ()
        queue.extendleft((new, its_folder, 1) for new, its_folder in reversed(further))
    return dead


def _limit(ray: Any, cluster: Cluster) -> int:
    """Return how many tasks may run at once; asked again each time, because machines come and go."""
    if cluster.most is not None:
        return cluster.most
    # twice the cores: the next task is ready when one is done, and an autoscaler sees those that wait
    return 2 * max(1, int(ray.cluster_resources().get("CPU", 0)))


# Connecting


def _connected(cluster: Cluster) -> Any:
    """Return Ray, connected; it stays connected until the process ends, because connecting takes seconds."""
    switches = {**_QUIET, **(_LOOPBACK if cluster.address is None else {})}
    for variable, value in switches.items():
        os.environ.setdefault(variable, value)
    try:
        import ray
    except ImportError:
        raise SettingsError(
            "params.yaml: execution.engine is ray, but Ray is not installed: "
            "run `make ray`, or set execution.engine to processes."
        ) from None
    if ray.is_initialized():
        return ray
    package = Path(__file__).parent.parent
    options: dict[str, Any] = {
        "runtime_env": {"env_vars": WORKER_ENVIRONMENT, "py_modules": [str(package)]},
        "log_to_driver": cluster.logs,
        "logging_level": logging.INFO if cluster.logs else logging.ERROR,
    }
    if cluster.address is None:
        ray.init(**options, address="local", num_cpus=cluster.most, include_dashboard=False)
        return ray
    _reach(cluster.address)
    try:
        ray.init(**options, address=cluster.address)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _unreachable(cluster.address, first_line(error)) from None
    return ray


def _reach(address: str) -> None:
    """Try the port first: Ray itself would try for minutes, with pages of log."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_REACH_SECONDS).close()
    except OSError as error:
        raise _unreachable(address, error.strerror or str(error)) from None


def _unreachable(address: str, reason: str) -> SettingsError:
    return SettingsError(
        f"params.yaml: execution.ray_address: no Ray cluster answers at {address!r} ({reason}). Start one "
        "(`ray start --head` on one machine, `ray start --address=HOST:6379` on the others), or leave it null."
    )


# Folders on their way


@dataclass(frozen=True)
class _Shipment:
    """A folder: its path where all workers see it, else its files in the cluster's object store."""

    path: Path | None
    identity: str = ""
    contents: Mapping[str, Any] = field(default_factory=dict)


def _shipment(ray: Any, folder: Path, cluster: Cluster) -> _Shipment:
    if cluster.address is None:
        return _Shipment(folder.resolve())
    context = ray.get_runtime_context()
    return _uploaded(ray, folder.resolve(), f"{context.get_session_name()} {context.get_job_id()}")


@cache
def _uploaded(ray: Any, folder: Path, _connection: str) -> _Shipment:
    """Put a folder into the object store, once per connection."""
    import numpy as np

    paths = sorted(path for path in folder.iterdir() if path.is_file())
    hashes = "\n".join(f"{path.name} {files.sha256(path)}" for path in paths)
    # as arrays, which the processes of a machine share without copies
    contents = {path.name: ray.put(np.fromfile(path, np.uint8)) for path in paths}
    return _Shipment(None, hashlib.sha256(hashes.encode()).hexdigest(), contents)


def _call(function: Callable[[Task, Path], Result], task: Task, shipment: _Shipment) -> Result:
    """Run in a worker."""
    return function(task, shipment.path or _unpacked(shipment))


def _unpacked(shipment: _Shipment) -> Path:
    """Return this machine's copy of a folder, named after its content; the first worker here writes it."""
    root = Path(tempfile.gettempdir()) / f"optimizer-study-{os.getuid()}"
    root.mkdir(mode=0o700, exist_ok=True)
    if root.stat().st_uid != os.getuid():
        raise TrainingError(f"{root} on {socket.gethostname()} belongs to another user: remove it.")
    folder = root / shipment.identity
    with (root / f"{shipment.identity}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _write(shipment.contents, folder)
    return folder


def _write(contents: Mapping[str, Any], folder: Path) -> None:
    import ray

    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        whole = Path(temporary) / "whole"
        whole.mkdir()
        for name, reference in contents.items():
            ray.get(reference).tofile(whole / name)
        whole.rename(folder)
