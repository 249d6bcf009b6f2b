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

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import SettingsError
from pipeline.project.files import canonical
from pipeline.running.refusals import in_words
from pipeline.training.origin import COMPUTING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.training.record import Training

PACKAGE = Path(__file__).parent.parent
# All of their code decides the outcome of a training, except that of networks which it does not use
DECIDING = ("prepared", "training")
NETWORKS = "training/networks"


@cache
def code_fingerprint(*more: str, package: Path = PACKAGE) -> str:
    """Return a hash of the code that decides all outcomes, and of the versions of the libraries that compute.

    The files of single networks are left out: see `network_fingerprint`. Docstrings, comments, formatting and imports
    from within the project do not count, so that editing them repeats no training. Read once per process.

    Parameters
    ----------
    more
        Paths, inside `package`, of further files that decide the outcome.
    """
    digest = hashlib.sha256()
    folders = [package / name for name in DECIDING]
    found = {path for folder in folders for path in folder.rglob("*.py")} - set(network_files(package).values())
    for path in sorted(found) + [package / name for name in more]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        digest.update(f"{path.relative_to(package).as_posix()} {_bare(tree)}".encode())
    for distribution in COMPUTING:
        digest.update(f"{distribution} {importlib.metadata.version(distribution)}".encode())
    # another Python may print a syntax tree in another way
    digest.update(f"{platform.machine()} python {sys.version_info.major}.{sys.version_info.minor}".encode())
    return digest.hexdigest()


def network_files(package: Path = PACKAGE) -> dict[str, Path]:
    """Return the file of every network, by its name."""
    return {path.stem: path for path in sorted((package / NETWORKS).glob("*.py")) if path.stem != "__init__"}


@cache
@in_words()
def network_fingerprint(name: str, package: Path = PACKAGE) -> str:
    """Return a hash of the code of one network, and of the versions of the packages that it imports.

    Raises
    ------
    SettingsError
        If there is no such network, its file is not Python, or it imports code that no key would hold.
    """
    known = network_files(package)
    if name not in known:
        raise Refusal("unknown_network", found=name, allowed=list(known))
    try:
        tree = ast.parse(known[name].read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise Refusal(
            "broken_network", network=name, line=error.lineno, kind=type(error).__name__, reason=error.msg
        ) from None
    versions = [_version(module, name) for module in sorted(set(_imported(tree)))]
    return hashlib.sha256(canonical([_bare(tree), *versions]).encode()).hexdigest()


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield what a file imports, with dots: modules, or names from modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (f"{node.module}." if node.module else "")
            yield from (origin + alias.name for alias in node.names)


def _version(module: str, network: str) -> str:
    """Return the version of the package that a network imports; nothing if the code or Python's version is in the key.

    A module of the project that is in no key is refused, and so is one that belongs to no package.
    """
    top, _, rest = module.partition(".")
    if top == PACKAGE.name:
        folder = rest.replace(".", "/")
        if folder.startswith(DECIDING) and not folder.startswith(NETWORKS):
            return ""
    elif top in sys.stdlib_module_names or top in COMPUTING:
        return ""
    elif found := importlib.metadata.packages_distributions().get(top):
        return " ".join(f"{each} {importlib.metadata.version(each)}" for each in sorted(set(found)))
    raise SettingsError(
        f"{PACKAGE.name}/{NETWORKS}/{network}.py imports {module}: what that holds would not be in the key of a "
        "training. Put it into the file itself, or import an installed package."
    )


def _bare(tree: ast.Module) -> str:
    return ast.dump(_Bare().visit(tree))


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
    """Return a training's identity, 32 hexadecimal digits: a hash of its settings, its data and its code.

    Parameters
    ----------
    code
        What `code_fingerprint` returns; the code of the training's own network is added.

    Raises
    ------
    SettingsError
        If the file of the network is missing or broken.
    """
    asked = asdict(training)
    asked["row"] = _without_folder(asked["row"])
    decides = [asked, code, network_fingerprint(training.network)]
    return hashlib.sha256(canonical(decides).encode()).hexdigest()[:32]


def _without_folder(row: dict[str, Any]) -> dict[str, Any]:
    """Return an optimizer's row with the name of its file alone: the file's content is in its identity."""
    rest = row["rest"]
    own = {"class_name": PurePath(row["class_name"]).name, "rest": None if rest is None else _without_folder(rest)}
    return row | own
