"""All rows of ``params.yaml`` checked before any work: networks by name, optimizers by taking a step."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any

from pipeline.project.errors import SettingsError
from pipeline.project.wording import closest, shortened
from pipeline.running import pool
from pipeline.running.planning import central_setting, optimizer_row, with_searched
from pipeline.running.refusals import in_words
from pipeline.training.origin import origin_of
from pipeline.training.record import OptimizerRow

if TYPE_CHECKING:
    from pipeline.settings.study import Settings

# torch's own switches, and why one that is on has no place in a training here
_SWITCHES = {
    "fused": "",
    "foreach": "all parameters lie in one vector already, which needs no other loop",
    "maximize": "it would make the loss larger",
    "capturable": "it is for CUDA graphs, which no training here uses",
    "differentiable": "no training here differentiates through a step",
}
_NOT_SHOWN = ("params", "lr", *_SWITCHES)


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
            setting = central_setting(row)
            searched = with_searched(optimizer_row(row, f"optimizers.{name}"), setting)
            check_optimizer(name, searched, setting.learning_rate)


def check_names(settings: Settings) -> None:
    """Check the classes of all rows, and the names and types of their arguments; none is built, which takes seconds.

    Raises
    ------
    SettingsError
        If a class or an argument is unknown, or a value is of another type than its default.
    """
    from pipeline.training.optimizers import classes

    with in_words():
        for name, settings_of in settings.optimizers.items():
            where = f"optimizers.{name}"
            row = with_searched(optimizer_row(settings_of, where), central_setting(settings_of))
            check_values(row, where)
            for place, one in ((where, row), (f"{where}.rest", row.rest)):
                if one is not None:
                    classes.check_arguments(classes.find(one, place), one, place)


def check_optimizer(name: str, row: OptimizerRow, learning_rate: float) -> None:
    """Check one optimizer: its class must accept its arguments, and a step with them on a tiny network.

    Parameters
    ----------
    name
        Of its row in ``params.yaml``, for errors; empty where it has none.
    row
        What to train with.
    learning_rate
        To build it and to step with.

    Raises
    ------
    SettingsError
        If the class cannot be found or used, or an argument is unknown or refused.
    """
    from torch import nn

    from pipeline.training import optimizers

    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2))
    with in_words():
        check_values(row, f"optimizers.{name}" if name else "")
        stepper = optimizers.build(name, row, learning_rate, network)
        stepper.gradients.fill_(0.1)
        # some arguments are checked only in the first step
        stepper.step()


def defaults(class_name: str) -> dict[str, Any]:
    """Return the arguments of an optimizer's class that matter to a reader, with their defaults as plain values."""
    found = {name: default for name, default in _all_defaults(class_name).items() if name not in _NOT_SHOWN}
    return {name: _plain(default) for name, default in found.items()}


def default_learning_rate(class_name: str) -> float | None:
    """Return the learning rate that a class has by default, or None where that is not a positive number.

    Raises
    ------
    SettingsError
        If there is no such class.
    """
    with in_words():
        found = _all_defaults(class_name).get("lr")
    return float(found) if isinstance(found, int | float) and found > 0 else None


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str | tuple | list) else str(value)


def _all_defaults(class_name: str, where: str = "") -> dict[str, Any]:
    from pipeline.training.optimizers import classes

    parameters = classes.signature(classes.find(OptimizerRow(class_name), where))
    given = {name: found.default for name, found in parameters.items()}
    return {name: default for name, default in given.items() if default is not inspect.Parameter.empty}


def check_values(row: OptimizerRow, where: str = "") -> None:
    """Refuse values that a class would silently accept (text for a flag, true for a number).

    Parameters
    ----------
    where
        The row's place in ``params.yaml``, for errors; empty where it has none.

    Raises
    ------
    Refusal
        If the class cannot be found or used.
    SettingsError
        If a value is of another type than its default.
    """
    known, is_torch = _all_defaults(row.class_name, where), origin_of(row.class_name).is_torch
    for name, value in row.arguments.items():
        fault = _fault(name, value, known.get(name), is_torch=is_torch and name in known)
        if fault:
            place = f"params.yaml: {where}.arguments.{name}" if where else name
            raise SettingsError(f"{place}: found {shortened(value)}{fault}.")
    if row.rest is not None:
        check_values(row.rest, f"{where}.rest" if where else "")


def _fault(name: str, value: object, default: object, *, is_torch: bool) -> str:
    """Return what is wrong with an argument's value, as the end of a sentence, or nothing."""
    if is_torch and name in _SWITCHES:
        if not (value is None or isinstance(value, bool)):
            return "; it must be true or false"
        why = _SWITCHES[name] if value else ""
        return f", but {why}: take it away" if why else ""
    shown = list(default) if isinstance(default, tuple) else default
    whose = "torch's" if is_torch else "its"
    example = f"such as {whose} default {shown}"
    if wanted := _wanted(default, value):
        return f"; it must be {wanted}, {example}"
    if is_torch and name == "eps" and value == 0:
        return f": a gradient of 0 would be divided by 0, and every training diverge; it must be above 0, {example}"
    return ""


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
