"""Effects, intervals and p-values of verdicts and comparisons, as a reader wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NONE = "–"
_SPACE = "\N{NO-BREAK SPACE}"
_MINUS = "\N{MINUS SIGN}"
_UNITS = {"percentage points": "points", "nats": "nats", "times": "times", "decades": "decades"}
_DIGITS = {"percentage points": 2, "nats": 3, "times": 2, "decades": 2}
_SMALLEST_P = 0.0001


def effect(record: Mapping[str, Any], key: str = "effect") -> str:
    """Return an effect with its unit: ``+1.20 points``, ``0.85 times``; a dash where there is none."""
    value, unit = record[key], record["unit"]
    return NONE if value is None else f"{_number(value, unit)}{_SPACE}{_UNITS[unit]}"


def effect_with_interval(record: Mapping[str, Any], key: str = "effect") -> str:
    """Return an effect with its interval: ``+1.20 points (0.90 to 1.50)``."""
    bounds = interval(record)
    return effect(record, key) if bounds == NONE else f"{effect(record, key)} ({bounds})"


def interval(record: Mapping[str, Any]) -> str:
    """Return ``+0.90 to +1.50``, a dash where there are no bounds."""
    if record["low"] is None or record["high"] is None:
        return NONE
    return f"{_number(record['low'], record['unit'])} to {_number(record['high'], record['unit'])}"


def p_value(p: float | None) -> str:
    """Return a p to two significant digits, a dash where there is none."""
    if p is None:
        return NONE
    return f"<{_SPACE}{_SMALLEST_P}" if p < _SMALLEST_P else f"{p:.2g}"


def _number(value: float, unit: str) -> str:
    digits = _DIGITS[unit]
    text = f"{value:.{digits}f}" if unit == "times" else f"{value:+.{digits}f}"
    return text.replace("-", _MINUS)
