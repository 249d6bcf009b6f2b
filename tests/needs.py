"""What a test may need besides Python's packages, and what happens where it is missing.

A test that lacks something is skipped, with the reason. Where the environment variable ``REQUIRE`` names it
(``REQUIRE=cifar,ray,postgres,chromium``), the test fails instead: so CI cannot pass by having nothing.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

KNOWN = {"cifar", "deepobs", "ray", "postgres", "chromium"}
NAMES = os.environ.get("REQUIRE", "").replace(",", " ").split()


def missing(need: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where ``REQUIRE`` names the need."""
    if need in required(NAMES):
        pytest.fail(f"REQUIRE={need}, but {reason}", pytrace=False)
    pytest.skip(reason)


def required(names: list[str]) -> set[str]:
    """Return the needs that must be there; a name that stands for none is an error, not a check that never fails."""
    unknown = set(names) - KNOWN
    if unknown:
        raise pytest.UsageError(
            f"REQUIRE: {', '.join(sorted(unknown))}: only {', '.join(sorted(KNOWN))} can be required"
        )
    return set(names)


def cifar() -> Path:
    """Return the archive of CIFAR-10."""
    return _file("cifar", "CIFAR10_SOURCE", "cifar-10-python.tar.gz")


def deepobs() -> Path:
    """Return DeepOBS's published curves as a table."""
    return _file("deepobs", "DEEPOBS_CURVES", "deepobs_cifar10_3c3d.csv")


def _file(need: str, variable: str, name: str) -> Path:
    given = Path(os.environ.get(variable, ""))
    if not given.is_file():
        missing(need, f"there is no {name}: set {variable}=/path/to/{name}")
    return given


def ray() -> None:
    """Ask for Ray."""
    if importlib.util.find_spec("ray") is None:
        missing("ray", "Ray is not installed: make ray")


def psycopg2() -> None:
    """Ask for the driver by which MLflow reaches PostgreSQL."""
    if importlib.util.find_spec("psycopg2") is None:
        missing("postgres", "MLflow needs psycopg2 to reach PostgreSQL")


def chromium() -> str:
    """Return the path of a browser that Playwright can drive."""
    if importlib.util.find_spec("playwright") is None:
        missing("chromium", "Playwright is not installed")
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        missing("chromium", "there is no Chromium on the path")
    return found
