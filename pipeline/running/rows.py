"""All rows of ``params.yaml`` checked before any work: networks by name, optimizers by taking a step."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pipeline.project.errors import SettingsError, first_line
from pipeline.project.wording import closest
from pipeline.running import pool
from pipeline.running.planning import optimizer_row
from pipeline.running.refusals import in_words

if TYPE_CHECKING:
    from pipeline.settings.study import Settings
    from pipeline.training.record import OptimizerRow

_NOT_SHOWN = ("params", "lr", "foreach", "maximize", "capturable", "differentiable", "fused")


def check(settings: Settings) -> None:
    """Check all networks and all optimizers before any work, in a process of the pool.

    Raises
    ------
    SettingsError
        If a class, an argument or a network is unknown, or a value is refused.
    """
    # the pool has imported torch already: the import takes longer than everything else here
    pool.parallel(check_here, [settings], 1, lambda _, __: None)


def check_here(settings: Settings) -> None:
    """Check as `check` does, in this process."""
    from pipeline.training import networks

    with in_words():
        for name, problem in settings.problems.items():
            if problem.network not in networks.names():
                where, known = f"problems.{name}.network", closest(problem.network, networks.names())
                raise SettingsError(f"params.yaml: {where}: {problem.network!r} is unknown{known}.")
            networks.builder(problem.network)
        for name, row in settings.optimizers.items():
            check_optimizer(name, optimizer_row(row), row.learning_rate_centre)


def check_optimizer(name: str, row: OptimizerRow, learning_rate: float) -> None:
    """Check one optimizer: torch must accept its arguments, and a step with them on a tiny network."""
    from torch import nn

    from pipeline.training import optimizers

    _check_kinds(f"optimizers.{name}", row)
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    with in_words():
        stepper = optimizers.build(name, row, learning_rate, network)
    stepper.gradients.fill_(0.1)
    try:
        stepper.step()
    # torch checks some arguments only in the first step
    except (ValueError, TypeError, RuntimeError, AssertionError, ArithmeticError, LookupError) as error:
        given = row.arguments | ({"rest": row.rest.arguments} if row.rest else {})
        raise SettingsError(
            f"params.yaml: optimizers.{name}: torch.optim.{row.class_name} cannot step with {given}: "
            f"{first_line(error)}."
        ) from None


def defaults(class_name: str) -> dict[str, Any]:
    """Return the arguments of a class of ``torch.optim`` that matter to a reader, with their defaults."""
    return {name: default for name, default in _all_defaults(class_name).items() if name not in _NOT_SHOWN}


def _all_defaults(class_name: str) -> dict[str, Any]:
    import torch

    parameters = inspect.signature(getattr(torch.optim, class_name)).parameters
    return {name: found.default for name, found in parameters.items()}


def _check_kinds(where: str, row: OptimizerRow) -> None:
    """Refuse values that torch would silently accept (text for a flag, true for a number)."""
    from pipeline.training.optimizers import ALLOWED

    known = _all_defaults(row.class_name) if row.class_name in ALLOWED else {}
    for name, value in row.arguments.items():
        default = known.get(name)
        wanted = _wanted(default, value)
        if wanted:
            shown = list(default) if isinstance(default, tuple) else default
            raise SettingsError(
                f"params.yaml: {where}.arguments.{name}: found {value!r}; "
                f"it must be {wanted}, such as torch's default {shown}."
            )
    if row.rest is not None:
        _check_kinds(f"{where}.rest", row.rest)


def _wanted(default: object, value: object) -> str | None:
    """Return what a value must be, if its type is not its default's."""
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, int | float):
        return None if isinstance(value, int | float) and not isinstance(value, bool) else "a number"
    if isinstance(default, tuple):
        fits = isinstance(value, list) and len(value) == len(default)
        return None if fits else f"a list of {len(default)} numbers"
    return None
