"""What torch's optimizers take, and whether a row's own arguments are of that kind."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pipeline.project.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_SHOWN = ("params", "lr", "foreach", "maximize", "capturable", "differentiable", "fused")


def arguments(kind: str) -> dict[str, Any]:
    """Return the arguments of a class of ``torch.optim`` and their defaults, without the learning rate."""
    import torch

    parameters = inspect.signature(getattr(torch.optim, kind)).parameters
    return {name: found.default for name, found in parameters.items() if name not in _NOT_SHOWN}


def check_kinds(name: str, row: Mapping[str, Any]) -> None:
    """Check that the arguments of a row are of the kind of torch's own defaults.

    Unknown classes and arguments are for `optimizers.check`, values out of range for `torch_ranges`.

    Raises
    ------
    SettingsError
        Names the argument, what was found, and what it must be.
    """
    import torch

    where = f"params.yaml: optimizers.{name}"
    for place, part in ((where, row), (f"{where}.rest", row.get("rest") or {})):
        # torch.optim has modules and functions, too
        if not isinstance(getattr(torch.optim, part.get("class", ""), None), type):
            continue
        defaults = arguments(part["class"])
        for argument, value in part["arguments"].items():
            if argument in defaults:
                _check(f"{place}.arguments.{argument}", value, defaults[argument])


def _check(where: str, value: Any, default: Any) -> None:
    if isinstance(default, bool):
        fits, wanted = isinstance(value, bool), "true or false"
    elif isinstance(default, int | float):
        fits, wanted = _is_number(value), "a number"
    elif isinstance(default, tuple):
        fits, wanted = _is_list(value, len(default)), f"a list of {len(default)} numbers"
    else:
        return
    if not fits:
        shown = list(default) if isinstance(default, tuple) else default
        raise SettingsError(f"{where}: found {value!r}; it must be {wanted}, such as torch's default {shown}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: object, length: int) -> bool:
    # Adafactor's first eps may be None
    return isinstance(value, list) and len(value) == length and all(x is None or _is_number(x) for x in value)
