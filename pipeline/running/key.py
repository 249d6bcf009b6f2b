"""The identity of finished work: a hash of all that decides how it comes out."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import platform
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.project.files import canonical

if TYPE_CHECKING:
    from pipeline.training.record import Training

# All code that decides the outcome of a training; a test compares this with what `training` imports
RESULT_CODE = (
    "prepared/examples.py",
    "prepared/reader.py",
    "training/batches.py",
    "training/convolution/kernels.py",
    "training/convolution/layer.py",
    "training/determinism.py",
    "training/networks.py",
    "training/optimizers.py",
    "training/record.py",
    "training/train.py",
)

COMPUTING = ("torch", "numpy", "numba")


def code_fingerprint(*more: str) -> str:
    """Return a hash of the code that decides outcomes, and of the versions of the libraries that compute.

    Comments, docstrings and formatting do not count, so that editing them repeats no training.

    Parameters
    ----------
    more
        Names of further files of this package that decide what is asked for.
    """
    return _fingerprint(Path(__file__).parent.parent, more)


@cache
def _fingerprint(package: Path, more: tuple[str, ...] = ()) -> str:
    digest = hashlib.sha256()
    for name in (*RESULT_CODE, *more):
        tree = ast.parse((package / name).read_text(encoding="utf-8"))
        digest.update(ast.dump(_without_docstrings(tree)).encode())
    for distribution in COMPUTING:
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


def key_of(training: Training, code: str) -> str:
    """Return a training's identity: a hash of its settings, its data and the code that runs it.

    Parameters
    ----------
    training
        What is asked for.
    code
        Fingerprint of the code, as `code_fingerprint` returns it.

    Returns
    -------
    str
        32 hexadecimal digits of a SHA-256.
    """
    return hashlib.sha256(canonical([asdict(training), code]).encode()).hexdigest()[:32]
