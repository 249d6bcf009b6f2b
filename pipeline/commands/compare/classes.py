"""The class behind what a person types: of ``torch.optim``, of a package, or of a file."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.project.errors import SettingsError, first_line
from pipeline.project.wording import closest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType


def normal(text: str) -> str:
    """Return what a row's ``class`` would be: a file inside the project is named from the project's folder."""
    place, separator, name = text.rpartition(":")
    if not separator:
        return text.removeprefix("torch.optim.")
    if place == "torch.optim":
        return name
    return f"{_from_here(Path(place))}:{name}" if place.endswith(".py") else text


def _from_here(path: Path) -> Path:
    whole, here = path.expanduser().resolve(), Path.cwd().resolve()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole


def is_outside(class_name: str) -> bool:
    """Return whether a class lies in a file outside the project, which no row of ``params.yaml`` may name."""
    place = class_name.rpartition(":")[0]
    return place.endswith(".py") and Path(place).is_absolute()


def load(class_name: str, rows: Iterable[str]) -> type:
    """Return the class; a `SettingsError` says what is wrong with its name, its file or its package.

    Parameters
    ----------
    rows
        The names of the rows of ``params.yaml``, one of which may have been meant.
    """
    place, separator, name = class_name.rpartition(":")
    if not separator:
        return _of_torch(class_name, rows)
    module = _of_file(Path(place)) if place.endswith(".py") else _of_package(place)
    found = getattr(module, name, None)
    if not isinstance(found, type):
        raise SettingsError(f"{place} has no class {name!r}{closest(name, _classes(module))}.")
    if not hasattr(found, "step"):
        raise SettingsError(f"{class_name} is not an optimizer: it has no method step.")
    return found


def _of_torch(name: str, rows: Iterable[str]) -> type:
    import torch

    known = [one for one, found in vars(torch.optim).items() if _is_optimizer(found) and one != "Optimizer"]
    if name in known:
        found: type = getattr(torch.optim, name)
        return found
    if name.endswith(".py"):
        path = Path(name)
        inside = f" It has {', '.join(_classes(_of_file(path)))}." if path.is_file() else ""
        raise SettingsError(f"{name}: give the class too, as {name}:Class.{inside}")
    raise SettingsError(
        f"{name!r} is neither a row of params.yaml nor a class of torch.optim{closest(name, [*rows, *sorted(known)])}. "
        "Any other class is given as package.module:Class or path/to/file.py:Class."
    )


def _is_optimizer(found: object) -> bool:
    import torch

    return isinstance(found, type) and issubclass(found, torch.optim.Optimizer)


def _classes(module: ModuleType) -> list[str]:
    """Return the optimizers that a module defines itself, or all that it knows."""
    known = {name: found for name, found in vars(module).items() if _is_optimizer(found) and name != "Optimizer"}
    own = [name for name, found in known.items() if found.__module__ == module.__name__]
    return sorted(own or known)


def _of_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise SettingsError(f"No such file: {path}")
    specification = importlib.util.spec_from_file_location(f"compared_{path.stem}", path)
    if specification is None or specification.loader is None:
        raise SettingsError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - it is the user's own code
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise SettingsError(f"{path} cannot be imported: {type(error).__name__}{where}: {first_line(error)}.") from None
    return module


def _of_package(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or name
        raise SettingsError(
            f"{name} cannot be imported: there is no module {missing}; install its package here, or correct the name."
        ) from None
    except Exception as error:  # noqa: BLE001 - it is somebody else's code
        raise SettingsError(f"{name} cannot be imported: {type(error).__name__}: {first_line(error)}.") from None


def defaults(found: type) -> dict[str, Any]:
    """Return the arguments of a class with their defaults, None where there is none; ``**`` if it takes any name."""
    parameters = list(inspect.signature(found).parameters.values())[1:]  # without the parameters to update
    return {
        "**" if one.kind is one.VAR_KEYWORD else one.name: None if one.default is one.empty else one.default
        for one in parameters
    }
