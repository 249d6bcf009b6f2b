"""The hardware and the versions that figures were measured with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

_DISTRIBUTIONS = ("torch", "numpy", "numba", "scipy", "scikit-learn", "dvc", "mlflow")


def describe() -> dict[str, str | int | dict[str, str]]:
    """Return the processor, its cores, memory in GiB, system and versions; the same on every call."""
    import psutil

    return {
        "processor": processor(),
        "cores": available_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in _DISTRIBUTIONS},
    }


def processor(information: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name, with family and model number where Linux gives them."""
    # platform.processor() is empty on most Linux systems
    if not information.exists():
        return platform.processor() or platform.machine()
    lines = information.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.partition(":") for line in lines)
    values = {key.strip(): value.strip() for key, _, value in pairs}
    name = values.get("model name", platform.machine())
    family, model = values.get("cpu family"), values.get("model")
    return f"{name} (family {family}, model {model})" if family and model else name


def available_cores() -> int:
    """Return how many cores this process may use (its CPU affinity, where the system has one)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
