"""Numbers as a reader wants them: fractions as per cent, None as what it means."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SPACE = "\N{NO-BREAK SPACE}"
MISSING = "diverged"


def percent(fraction: float | None) -> str:
    """Return ``57.1 %``, or ``diverged`` for None."""
    return MISSING if fraction is None else f"{number(fraction)}{_SPACE}%"


def number(fraction: float | None) -> str:
    """Return a fraction in per cent without its unit, for a column that has it in its header."""
    return MISSING if fraction is None else _signed(f"{100 * fraction:.1f}")


def points(fraction: float) -> str:
    """Return a difference of two accuracies, ``1.2 points``."""
    text = number(fraction)
    return f"{text}{_SPACE}point{'' if text == '1.0' else 's'}"


def decimal(value: float | None, digits: int = 3) -> str:
    """Return a loss, or ``diverged`` for None."""
    return MISSING if value is None else _signed(f"{value:.{digits}f}")


def rate(value: float) -> str:
    """Return a learning rate to three significant digits, never in exponent notation above 1e-5."""
    text = f"{value:.3g}"
    return text if value < 1e-5 else f"{Decimal(text):f}"


def interval(quantity: Mapping[str, Any]) -> str:
    """Return the bounds of a quantity in per cent, ``56.7 to 57.5``, or a dash where there are none."""
    if quantity["low"] is None or quantity["high"] is None:
        return "–"
    return f"{number(quantity['low'])} to {number(quantity['high'])}"


def with_interval(quantity: Mapping[str, Any]) -> str:
    """Return ``57.1 % (95 % interval 56.7 to 57.5)``."""
    bounds = interval(quantity)
    mean = percent(quantity["mean"])
    return mean if bounds == "–" else f"{mean} (95{_SPACE}% interval {bounds})"


def ordinal(place: int) -> str:
    """Return ``first`` to ``third``, then ``4th``."""
    words = ("first", "second", "third")
    if place <= len(words):
        return words[place - 1]
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def counted(count: int, noun: str) -> str:
    """Return ``1 seed``, ``10 seeds``, ``45,000 images``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _signed(text: str) -> str:
    """Return a formatted number with a true minus sign, and zero without any."""
    stripped = text.removeprefix("-")
    negative = text.startswith("-") and float(stripped) != 0
    return f"\N{MINUS SIGN}{stripped}" if negative else stripped
