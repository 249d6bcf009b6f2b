"""Search spaces: what a row of ``optimizers`` lets the search vary, and where the points of a search lie in it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from pipeline.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LEARNING_RATE = "learning_rate"
# Coordinates of a point: more than any row needs, so that those it uses do not depend on how many it uses
MOST_SEARCHED = 16
# Every row varies an argument by the same coordinate of the unit cube: the same luck for all
_COORDINATES = (
    {LEARNING_RATE},
    {"momentum", "beta1"},
    {"eps"},
    {"weight_decay"},
)
_BETAS = ("beta1", "beta2", "beta3")


def _ascending(bounds: tuple[float, float]) -> tuple[float, float]:
    if not bounds[0] < bounds[1]:
        raise ValueError(f"found {list(bounds)}; the lower bound comes first")
    return bounds


Positive = Annotated[float, Field(gt=0, lt=1e9, allow_inf_nan=False)]
Number = Annotated[float, Field(gt=-1e9, lt=1e9, allow_inf_nan=False)]
Bounds = Annotated[tuple[Number, Number], AfterValidator(_ascending)]
PositiveBounds = Annotated[tuple[Positive, Positive], AfterValidator(_ascending)]


class Space(Section):
    """Where one argument is searched: exactly one of these, each with a lower and an upper bound."""

    log_uniform: PositiveBounds | None = None
    uniform: Bounds | None = None
    # 1 minus the argument is log-uniform: for a momentum or a β, whose distance from 1 matters
    one_minus_log_uniform: PositiveBounds | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Space:
        if len(self.model_fields_set) != 1:
            allowed = ", ".join(type(self).model_fields)
            raise ValueError(f"give one of {allowed}, with a lower and an upper bound")
        return self

    def at(self, place: float) -> float:
        """Return the value at a place from 0 to 1 (beyond these: outside the bounds), to three significant digits."""
        if self.uniform is not None:
            low, high = self.uniform
            return _rounded(low + place * (high - low))
        if self.one_minus_log_uniform is not None:
            low, high = self.one_minus_log_uniform
            # from the largest distance to the smallest, so that the argument grows
            return 1 - _rounded(high * (low / high) ** place)
        assert self.log_uniform is not None  # noqa: S101 - exactly one is given
        low, high = self.log_uniform
        return _rounded(low * (high / low) ** place)

    @property
    def decades(self) -> float:
        """How many powers of ten lie between the bounds of a log-uniform space."""
        low, high = self.log_uniform or (1.0, 1.0)
        return math.log10(high / low)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def values_at(spaces: Mapping[str, Space], point: Sequence[float]) -> dict[str, float]:
    """Return the value of every searched argument at a point of the unit cube, by its name in the row's ``search``.

    Parameters
    ----------
    point
        At least as many coordinates as `coordinates` needs.
    """
    return {
        name: space.at(point[place]) for (name, space), place in zip(spaces.items(), coordinates(spaces), strict=True)
    }


def coordinates(names: Mapping[str, Space]) -> list[int]:
    """Return the coordinate of the unit cube that each searched argument goes by: the same one in every row."""
    free = iter(range(len(_COORDINATES), len(_COORDINATES) + len(names)))
    shared = {name: index for index, group in enumerate(_COORDINATES) for name in group}
    return [shared[name] if name in shared else next(free) for name in names]


def arguments_with(arguments: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a class's arguments with the searched values put in; ``beta1`` is the first of the row's ``betas``."""
    whole = dict(arguments)
    for name, value in found.items():
        if is_beta(name, arguments):
            betas = list(whole["betas"])
            betas[_BETAS.index(name)] = value
            whole["betas"] = betas
        else:
            whole[name] = value
    return whole


def searched_in(arguments: Mapping[str, Any], names: Iterable[str]) -> dict[str, float]:
    """Return the searched values among a class's arguments: what `arguments_with` put in, without the learning rate."""
    return {
        name: arguments["betas"][_BETAS.index(name)] if is_beta(name, arguments) else arguments[name]
        for name in names
        if name != LEARNING_RATE
    }


def is_beta(name: str, arguments: Mapping[str, Any]) -> bool:
    """Return whether a searched name stands for one of the values of the argument ``betas``."""
    return name in _BETAS and isinstance(arguments.get("betas"), list)
