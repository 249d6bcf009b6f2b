"""Where an optimizer's class comes from, and what identifies it: read without importing it, or torch."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.prepared.refusal import Refusal

# Their versions are in the key of every training
COMPUTING = ("torch", "numpy", "numba")
_TORCH = "torch.optim"


@dataclass(frozen=True)
class Origin:
    """What the text of `OptimizerRow.class_name` says."""

    module: str  # `torch.optim`, another module's dotted name, or the path of a file
    name: str  # of the class

    @property
    def is_torch(self) -> bool:
        """Whether the class is one of `torch.optim`, named without its module."""
        return self.module == _TORCH

    @property
    def is_file(self) -> bool:
        """Whether the module is the path of a file."""
        return self.module.endswith(".py")

    @property
    def package(self) -> str:
        """The top-level package of a module."""
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{_TORCH}.{self.name}" if self.is_torch else f"{self.module}:{self.name}"


def origin_of(class_name: str) -> Origin:
    """Take ``Adam``, ``package.module:Class`` or ``path/to/file.py:Class`` apart."""
    module, _, name = class_name.rpartition(":")
    return Origin(module or _TORCH, name)


def identity(class_name: str, where: str = "") -> str:
    """Return what identifies the code of a class, for the key of its trainings.

    Parameters
    ----------
    class_name
        As in `OptimizerRow`. A relative path starts in the current folder.
    where
        The place in ``params.yaml``, for refusals.

    Returns
    -------
    str
        ``""`` for a class of `torch.optim`, whose version is in every key. ``package 1.2.3`` for a package.
        ``sha256:…`` for a file, and the versions of the packages that it imports.

    Raises
    ------
    Refusal
        If the package or the file is missing, or the file imports another one beside it.
    """
    origin = origin_of(class_name)
    if origin.is_torch:
        return ""
    if origin.is_file:
        return file_identity(origin, read(origin, where), where)
    return _package_identity(origin.package) or _no_package(origin, where)


def read(origin: Origin, where: str) -> bytes:
    """Return a file's bytes."""
    try:
        return Path(origin.module).read_bytes()
    except OSError as error:
        path = Path(origin.module)
        beside = sorted(each.name for each in path.parent.glob("*.py"))
        raise Refusal(
            "no_file", where=where, path=origin.module, reason=error.strerror, found=path.name, beside=beside
        ) from None


def file_identity(origin: Origin, source: bytes, where: str) -> str:
    """Return the identity of a file with these bytes."""
    folder = Path(origin.module).parent
    packages = sorted(_imported(origin, source, where) - sys.stdlib_module_names - {*COMPUTING})
    for name in packages:
        # it would run without being part of the key
        if any((place / f"{name}.py").exists() or (place / name).is_dir() for place in (folder, Path())):
            raise Refusal("imports_neighbour", where=where, kind=str(origin), path=origin.module, found=name)
    versions = filter(None, map(_package_identity, packages))
    return ", ".join((f"sha256:{hashlib.sha256(source).hexdigest()}", *versions))


def _imported(origin: Origin, source: bytes, where: str) -> set[str]:
    """Return the top-level packages that a file imports anywhere."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise Refusal("not_loaded", where=where, kind=str(origin), path=origin.module, reason=str(error)) from None
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names} - {""}


def _no_package(origin: Origin, where: str) -> str:
    raise Refusal("no_package", where=where, kind=str(origin), found=origin.package)


@cache
def _package_identity(package: str) -> str | None:
    """Return a package's distribution with its version, or None where no distribution provides it."""
    distribution = _distribution(package)
    if distribution is None:
        return None
    name = f"{distribution.name} {distribution.version}"
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    # installed as a link to a folder that somebody works in: its version says little
    return f"{name} {_folder_hash(package)}" if origin.get("dir_info", {}).get("editable") else name


def _distribution(package: str) -> importlib.metadata.Distribution | None:
    # reading what all distributions provide takes half a second
    try:
        found = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        names = importlib.metadata.packages_distributions().get(package)
        return importlib.metadata.distribution(names[0]) if names else None
    return found


def _folder_hash(package: str) -> str:
    spec = importlib.util.find_spec(package)
    digest = hashlib.sha256()
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(folder).rglob("*.py")):
            digest.update(f"{path.relative_to(folder).as_posix()}\n".encode() + path.read_bytes())
    return f"sha256:{digest.hexdigest()}"
