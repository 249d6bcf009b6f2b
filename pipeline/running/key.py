"""The identity of finished work: a hash of all that decides the result."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import platform
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from pipeline.project.files import canonical
from pipeline.training.origin import COMPUTING

if TYPE_CHECKING:
    from pipeline.training.record import Training

PACKAGE = Path(__file__).parent.parent
# All of their code decides the outcome of a training
DECIDING = ("prepared", "training")


@cache
def code_fingerprint(*more: str, package: Path = PACKAGE) -> str:
    """Return a hash of the code that decides outcomes, and of the versions of the libraries that compute.

    Docstrings, comments, formatting and imports from within the project do not count, so that editing them repeats
    no training. Read once per process.

    Parameters
    ----------
    more
        Paths, inside `package`, of further files that decide the outcome.
    """
    digest = hashlib.sha256()
    folders = [package / name for name in DECIDING]
    files = sorted(path for folder in folders for path in folder.rglob("*.py")) + [package / name for name in more]
    for path in files:
        tree = _Bare().visit(ast.parse(path.read_text(encoding="utf-8")))
        digest.update(f"{path.relative_to(package).as_posix()} {ast.dump(tree)}".encode())
    for distribution in COMPUTING:
        digest.update(f"{distribution} {importlib.metadata.version(distribution)}".encode())
    # another Python may print a syntax tree in another way
    digest.update(f"{platform.machine()} python {sys.version_info.major}.{sys.version_info.minor}".encode())
    return digest.hexdigest()


class _Bare(ast.NodeTransformer):
    """Take out docstrings and imports from within the project."""

    def visit_Import(self, node: ast.Import) -> ast.Import | None:
        node.names = [alias for alias in node.names if not _is_internal(alias.name)]
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if _is_internal(node.module or "") else node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        self.generic_visit(node)
        # nothing is left of a block for types alone
        return node if node.body or node.orelse else None

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node


def _is_internal(module: str) -> bool:
    return module.partition(".")[0] == PACKAGE.name


def key_of(training: Training, code: str) -> str:
    """Return a training's identity, 32 hexadecimal digits: a hash of its settings, its data and the code."""
    asked = asdict(training)
    asked["row"] = _without_folder(asked["row"])
    return hashlib.sha256(canonical([asked, code]).encode()).hexdigest()[:32]


def _without_folder(row: dict[str, Any]) -> dict[str, Any]:
    """Return an optimizer's row with the name of its file alone: the file's content is in its identity."""
    rest = row["rest"]
    own = {"class_name": PurePath(row["class_name"]).name, "rest": None if rest is None else _without_folder(rest)}
    return row | own
