"""Numbers as files keep them: rounded, and None for what is not finite."""

from __future__ import annotations

import math


def decimals(value: float | None, digits: int = 6) -> float | None:
    """Return `value` rounded to so many decimals, or None where there is none or it is not finite."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def significant(value: float | None, digits: int = 6) -> float | None:
    """Return `value` rounded to so many significant digits, or None where there is none or it is not finite."""
    return None if value is None or not math.isfinite(value) else rounded(value, digits)


def rounded(value: float, digits: int) -> float:
    """Return a finite `value` rounded to so many significant digits."""
    return float(f"{float(value):.{digits}g}")
