"""Whether torch takes the values of a row's arguments, and where it does not, which ones it takes.

torch's own errors name a value, seldom its argument, and no range. So torch itself is asked: each argument alone, and,
for a number, the values on both sides of 0 and 1, where its limits lie.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pipeline.project.errors import SettingsError, first_line
from pipeline.training.optimizers import torch_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch.optim import Optimizer

_BIT = 1e-6
_TRIED = (-1.0, -_BIT, 0.0, _BIT, 1 - _BIT, 1.0, 1 + _BIT, 2.0)
# By the lowest and the highest value that is taken
_LOWER = {0.0: "at least 0", _BIT: "greater than 0", 1.0: "at least 1", 1 + _BIT: "greater than 1"}
_UPPER = {-_BIT: "less than 0", 0.0: "at most 0", 1 - _BIT: "less than 1", 1.0: "at most 1"}
_ORDINALS = ("first", "second", "third")


def check_values(name: str, row: Mapping[str, Any]) -> None:
    """Check that torch takes the arguments' values, in a step as well.

    Unknown classes and arguments are for `pipeline.training.optimizers.check`.

    Parameters
    ----------
    name
        Of the row, for errors.
    row
        ``class``, ``arguments`` and ``rest`` as in ``params.yaml``.

    Raises
    ------
    SettingsError
        Names the argument, what was found, and what is allowed; in torch's own words where it is not a range.
    """
    import torch

    where = f"params.yaml: optimizers.{name}"
    for place, part in ((where, row), (f"{where}.rest", row.get("rest") or {})):
        kind = getattr(torch.optim, part.get("class", ""), None)
        if isinstance(kind, type):
            _check(f"{place}.arguments", kind, part["arguments"])


def _check(where: str, kind: type[Optimizer], arguments: Mapping[str, Any]) -> None:
    parameters = inspect.signature(kind).parameters
    known = {name: value for name, value in arguments.items() if name in parameters}
    if _refusal(kind, known) is None:
        return
    for name, value in known.items():
        reason = _refusal(kind, {name: value})
        if reason is not None:
            wanted = _wanted(kind, name, value, parameters[name].default)
            told = wanted or f"torch.optim.{kind.__name__} refuses it: {reason}"
            raise SettingsError(f"{where}.{name}: found {value!r}; {told}.")


def _refusal(kind: type[Optimizer], arguments: Mapping[str, Any]) -> str | None:
    """Return why torch takes no step with these arguments, or None where it does."""
    import torch

    matrix = torch.nn.Parameter(torch.ones(2, 2))
    matrix.grad = torch.ones(2, 2)
    make: Callable[..., Optimizer] = kind
    try:
        make([matrix], lr=0.001, **torch_arguments(arguments)).step()
    except (ValueError, TypeError, RuntimeError, AssertionError, ArithmeticError, LookupError) as error:
        return first_line(error)
    return None


def _wanted(kind: type[Optimizer], name: str, value: Any, default: Any) -> str | None:
    if _is_number(value):
        return _limits(value, "it", lambda number: _refusal(kind, {name: number}) is None)
    if not (isinstance(value, list) and isinstance(default, tuple)):
        return None
    for index, number in enumerate(value):
        takes = _takes_at(kind, name, default, index)
        if _is_number(number) and not takes(number):
            return _limits(number, f"its {_ORDINALS[index]} number", takes)
    return None


def _takes_at(kind: type[Optimizer], name: str, default: tuple[Any, ...], index: int) -> Callable[[float], bool]:
    before, after = default[:index], default[index + 1 :]
    return lambda number: _refusal(kind, {name: (*before, number, *after)}) is None


def _limits(value: float, what: str, takes: Callable[[float], bool]) -> str | None:
    if isinstance(value, int) and abs(value) <= 1 and takes(float(value)):
        return f"{what} must be written as {float(value)}"
    taken = [number for number in _TRIED if takes(number)]
    if not taken:
        return None
    limits = [text for text in (_LOWER.get(taken[0]), _UPPER.get(taken[-1])) if text]
    return f"{what} must be {' and '.join(limits)}" if limits else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
