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
        "processor": _processor(),
        "cores": available_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in _DISTRIBUTIONS},
    }


def _processor() -> str:
    # platform.processor() is empty on most Linux systems
    information = Path("/proc/cpuinfo")
    if not information.exists():
        return platform.processor() or platform.machine()
    lines = information.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.partition(":") for line in lines)
    values = {name.strip(): value.strip() for name, _, value in pairs}
    return " ".join((values.get("model name", platform.machine()), *_generation(values)))


def _generation(values: dict[str, str]) -> list[str]:
    family, model = values.get("cpu family"), values.get("model")
    return [f"(family {family}, model {model})"] if family and model else []


def available_cores() -> int:
    """Return how many cores this process may use (its CPU affinity, where the system tells)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
