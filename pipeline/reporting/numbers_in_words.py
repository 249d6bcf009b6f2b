"""Numbers as a reader wants them: fractions as per cent, effects with their unit, a dash for what is not known."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.results.metrics import OverSeeds

MISSING = "diverged"
NONE = "–"
SPACE = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
# of an effect: its unit for people and its decimals
_UNITS = {
    "percentage points": ("points", 2),
    "nats": ("nats", 3),
    "squared error": ("squared error", 3),
    "times": ("times", 2),
    "decades": ("decades", 2),
}
_SMALLEST_P = 0.0001


def percent(fraction: float | None) -> str:
    """Return ``57.1 %``, or ``diverged`` for None."""
    return MISSING if fraction is None else f"{number(fraction)}{SPACE}%"


def number(fraction: float | None) -> str:
    """Return a fraction in per cent without its unit, for a column that has it in its header."""
    return MISSING if fraction is None else _signed(f"{100 * fraction:.1f}")


def points(fraction: float) -> str:
    """Return a difference of two accuracies, ``1.2 points``."""
    text = number(fraction)
    return f"{text}{SPACE}point{'' if text == '1.0' else 's'}"


def decimal(value: float | None, digits: int = 3) -> str:
    """Return a loss, or ``diverged`` for None."""
    return MISSING if value is None else _signed(f"{value:.{digits}f}")


def rate(value: float) -> str:
    """Return a learning rate to three significant digits, never in exponent notation above 1e-5."""
    text = f"{value:.3g}"
    return text if value < 1e-5 else f"{Decimal(text):f}"


def or_dash(value: float | None, say: Callable[[float], str]) -> str:
    """Return what there is to say of a value, a dash where there is none."""
    return NONE if value is None else say(value)


def between(low: float | None, high: float | None) -> str:
    """Return two fractions in per cent, ``56.7 to 57.5``, or a dash where there are none."""
    return NONE if low is None or high is None else f"{number(low)} to {number(high)}"


def interval(quantity: OverSeeds) -> str:
    """Return the bounds of a quantity in per cent."""
    return between(quantity.low, quantity.high)


def in_brackets(quantity: OverSeeds) -> str:
    """Return ``57.1 (56.7 to 57.5)``, in per cent."""
    return f"{number(quantity.mean)} ({interval(quantity)})"


def with_interval(quantity: OverSeeds) -> str:
    """Return ``57.1 % (95 % interval 56.7 to 57.5)``."""
    return percent(quantity.mean) + bounds(interval(quantity))


def bounds(text: str) -> str:
    """Return `` (95 % interval 1.0 to 1.1)``, and nothing for a dash."""
    return "" if text == NONE else f" (95{SPACE}% interval {text})"


def effect(value: float | None, unit: str | None) -> str:
    """Return an effect with its unit: ``+1.20 points``, ``0.85 times``; a dash where there is none."""
    return NONE if value is None or unit is None else f"{_of_unit(value, unit)}{SPACE}{_UNITS[unit][0]}"


def effect_interval(low: float | None, high: float | None, unit: str | None) -> str:
    """Return ``+0.90 to +1.50``, a dash where there are no bounds."""
    if low is None or high is None or unit is None:
        return NONE
    return f"{_of_unit(low, unit)} to {_of_unit(high, unit)}"


def p_value(p: float | None) -> str:
    """Return a p to two significant digits, a dash where there is none."""
    if p is None:
        return NONE
    return f"<{SPACE}{_SMALLEST_P}" if p < _SMALLEST_P else f"{p:.2g}"


def ordinal(place: int) -> str:
    """Return ``first`` to ``third``, then ``4th``."""
    words = ("first", "second", "third")
    if place <= len(words):
        return words[place - 1]
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def _of_unit(value: float, unit: str) -> str:
    sign, digits = "" if unit == "times" else "+", _UNITS[unit][1]
    # zero has one sign, also where it was rounded from below
    return f"{round(value, digits) + 0.0:{sign}.{digits}f}".replace("-", _MINUS)


def _signed(text: str) -> str:
    """Return a formatted number with a true minus sign, and zero without any."""
    stripped = text.removeprefix("-")
    negative = text.startswith("-") and float(stripped) != 0
    return f"{_MINUS}{stripped}" if negative else stripped
