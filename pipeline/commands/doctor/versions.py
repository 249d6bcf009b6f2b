"""Python and the installed packages against what the project asks for; none of them is imported."""

from __future__ import annotations

import importlib.metadata
import platform
import sys

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pipeline.commands.doctor.finding import Finding, ok, problem, warning

PROJECT = "optimizer-study"
REINSTALL = "python -m pip install --no-deps --require-hashes -r requirements.lock"

_SHOWN = ("torch", "torchvision", "dvc", "mlflow", "numba")


def check() -> list[Finding]:
    """Compare Python and the packages with the project's own requirements."""
    try:
        project = importlib.metadata.metadata(PROJECT)
    except importlib.metadata.PackageNotFoundError:
        remedy = "python -m pip install --no-deps --editable . (make run does it)"
        found = f"{PROJECT} is not installed in {sys.prefix}: its requirements are not known"
        return [warning("project", found, remedy)]
    return [
        ok("project", f"{PROJECT} {project['Version']}"),
        _python(project["Requires-Python"]),
        _packages(importlib.metadata.requires(PROJECT) or []),
    ]


def _python(wanted: str) -> Finding:
    found = platform.python_version()
    if SpecifierSet(wanted).contains(found, prereleases=True):
        return ok("Python", found)
    return problem("Python", f"{found}; the project needs {wanted}", "rm -r .venv && make run PYTHON=python3.12")


def _packages(requirements: list[str]) -> Finding:
    parsed = [Requirement(text) for text in requirements]
    # an extra is opt-in: it may be absent
    wanted = [one for one in parsed if one.marker is None or one.marker.evaluate({"extra": ""})]
    absent = [str(one) for one in wanted if _version(one.name) is None]
    if absent:
        return problem("packages", f"not installed: {', '.join(absent)}", REINSTALL)
    others = [one for one in wanted if not one.specifier.contains(_version(one.name) or "", prereleases=True)]
    if others:
        listed = ", ".join(f"{one.name} {_version(one.name)} (wanted {one.specifier})" for one in others)
        return warning("packages", f"other versions than asked for: {listed}", REINSTALL)
    return ok("packages", ", ".join(f"{name} {_version(name)}" for name in _SHOWN))


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
