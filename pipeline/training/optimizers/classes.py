"""A class by its name: of torch, of an installed package, or of a file."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import inspect
import sys
from types import CodeType
from typing import TYPE_CHECKING, Any

import torch

from pipeline.prepared.refusal import Refusal
from pipeline.project.errors import first_line
from pipeline.training.optimizers.muon import Muon
from pipeline.training.origin import Origin, file_identity, identity, origin_of, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from pipeline.training.record import OptimizerRow

Kind = type[torch.optim.Optimizer]

# Their update of one number depends on no other number, so a vector of all parameters gives the same result
ELEMENTWISE = frozenset(
    {"SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop"}
)
ALLOWED = tuple(sorted(ELEMENTWISE | {"Adafactor", "Muon"}))
# The others of torch.optim, and what they need that no training here gives
_NEEDS = {"LBFGS": "needs_closure", "SparseAdam": "needs_sparse"}
# Arguments by which a class asks for another optimizer
_INNER = frozenset({"optimizer", "base_optimizer"})


def find(row: OptimizerRow, where: str) -> Kind:
    """Return the class that a row names.

    Parameters
    ----------
    where
        The place in ``params.yaml``, for refusals.

    Raises
    ------
    Refusal
        If there is no such class, its code is not what the row's identity says, or no training can use it.
    """
    origin = origin_of(row.class_name)
    kind = _torchs(origin, where) if origin.is_torch else _foreign(origin, row.identity, where)
    if _needs_closure(kind):
        raise Refusal("needs_closure", where=where, kind=str(origin))
    return kind


def names_read(kind: Kind) -> set[str]:
    """Return all names by which a class may read an argument: those of its `__init__`, and all texts in its methods."""
    members = [getattr(value, "__func__", value) for base in _bases(kind) for value in vars(base).values()]
    texts = {text for member in members for text in _texts_in(getattr(inspect.unwrap(member), "__code__", None))}
    return texts.union(*map(_named, _bases(kind)))


def _texts_in(code: Any) -> Iterator[str]:
    if isinstance(code, str):
        yield code
    elif isinstance(code, CodeType):
        for constant in code.co_consts:
            yield from _texts_in(constant)


def signature(kind: Kind) -> dict[str, inspect.Parameter]:
    """Return the arguments that a class names, and those with a default that it may pass on to its bases."""
    found = _named(kind)
    for base in _bases(kind) if takes_any(kind) else ():
        found = {name: own for name, own in _named(base).items() if own.default is not own.empty} | found
    return found


def check_arguments(kind: Kind, row: OptimizerRow, where: str) -> None:
    """Compare a row's arguments with a class's signature.

    Raises
    ------
    Refusal
        If one is unknown, or one without a default is missing.
    """
    shown, parameters = str(origin_of(row.class_name)), signature(kind)
    # a class that takes **kwargs would accept a misspelt name, and ignore it
    readable = {*parameters} | (names_read(kind) if takes_any(kind) else set())
    known = [name for name in parameters if name not in ("params", "lr")]
    for name in row.arguments:
        if name not in readable - {"params", "lr"}:
            raise Refusal("unknown_argument", where=where, kind=shown, found=name, allowed=known)
    for name in known:
        if parameters[name].default is inspect.Parameter.empty and name not in row.arguments:
            code = "wraps_another" if name in _INNER else "missing_argument"
            raise Refusal(code, where=where, kind=shown, found=name)
    if "lr" not in readable:
        raise Refusal("no_learning_rate", where=where, kind=shown)


def takes_any(kind: Kind) -> bool:
    """Return whether a class takes arguments that it does not name."""
    return any(parameter.kind == parameter.VAR_KEYWORD for parameter in inspect.signature(kind).parameters.values())


def _named(kind: type) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(kind).parameters
    return {name: own for name, own in parameters.items() if own.kind not in (own.VAR_KEYWORD, own.VAR_POSITIONAL)}


def _bases(kind: Kind) -> Iterator[type]:
    """Yield a class and its bases, without torch's."""
    return (base for base in kind.__mro__ if base not in torch.optim.Optimizer.__mro__)


def _needs_closure(kind: Kind) -> bool:
    parameters = inspect.signature(kind.step).parameters
    return "closure" in parameters and parameters["closure"].default is inspect.Parameter.empty


def _torchs(origin: Origin, where: str) -> Kind:
    if origin.name in _NEEDS:
        raise Refusal(_NEEDS[origin.name], where=where, kind=str(origin))
    if origin.name not in ALLOWED:
        raise Refusal("unknown_class", where=where, found=origin.name, allowed=ALLOWED)
    kind: Kind = Muon if origin.name == "Muon" else getattr(torch.optim, origin.name)
    return kind


def _foreign(origin: Origin, expected: str, where: str) -> Kind:
    module = _file(origin, expected, where) if origin.is_file else _package(origin, expected, where)
    found: Any = getattr(module, origin.name, None)
    if not _is_optimizer(found):
        code = "unknown_member" if found is None else "no_optimizer"
        allowed = [name for name in dir(module) if _is_optimizer(getattr(module, name, None))]
        raise Refusal(code, where=where, kind=str(origin), module=origin.module, found=origin.name, allowed=allowed)
    kind: Kind = found
    return kind


def _is_optimizer(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and value is not torch.optim.Optimizer


def _package(origin: Origin, expected: str, where: str) -> ModuleType:
    if expected:
        _compare(identity(f"{origin.module}:{origin.name}", where), expected, origin, where)
    try:
        return importlib.import_module(origin.module)
    except Exception as error:
        raise _not_loaded(origin, error, where) from error


def _file(origin: Origin, expected: str, where: str) -> ModuleType:
    source = read(origin, where)
    found = file_identity(origin, source, where)
    if expected:
        _compare(found, expected, origin, where)
    # named after its content: found again under that name by pickle, and never taken for another file
    name = f"optimizer_file_{found.removeprefix('sha256:')[:32]}"
    if name in sys.modules:
        return sys.modules[name]
    loader = _Source(origin.module, source)
    spec: Any = importlib.util.spec_from_loader(name, loader)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _not_loaded(origin, error, where) from error
    return module


class _Source(importlib.abc.SourceLoader):
    """Runs the very bytes whose hash is known: no cache of compiled code, which may be older."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path, self._source = path, source

    def get_filename(self, fullname: str) -> str:
        return self._path

    def get_data(self, path: str) -> bytes:
        return self._source


def _compare(found: str, expected: str, origin: Origin, where: str) -> None:
    if found != expected:
        raise Refusal("another_identity", where=where, kind=str(origin), found=found, expected=expected)


def _not_loaded(origin: Origin, error: BaseException, where: str) -> Refusal:
    reason = f"{type(error).__name__}: {first_line(error)}"
    return Refusal("not_loaded", where=where, kind=str(origin), path=origin.module, reason=reason)
