"""What one cell of a table says: a name, a number, a seed."""

from __future__ import annotations

import math
import re
import unicodedata

Cell = str | int | float | None

# 1.797e308 is what MLflow stores for an infinity; squares of such numbers are infinite anyway
_TOO_LARGE = 1e100
_MISSING = {"", "nan", "na", "n/a", "none", "null", "<na>", "-"}
_TRUE, _FALSE = {"true", "t", "yes", "y"}, {"false", "f", "no", "n"}
_DIGITS = 9  # 0.1 + 0.2 is 0.3
_LARGEST_EXACT = 2**53  # beyond, floats leave out whole numbers
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")


def name(cell: object) -> str:
    """Return a name without what nobody sees: spaces around it, line ends, zero-width and composed characters."""
    if isinstance(cell, float):
        return "" if math.isnan(cell) else _digits(cell)
    if cell is None:
        return ""
    text = str(cell)
    if not (text.isascii() and text.isprintable()):
        composed = unicodedata.normalize("NFC", text)
        text = "".join(c if c.isprintable() else "" if unicodedata.category(c) == "Cf" else " " for c in composed)
    return _rounded(" ".join(text.split()))


def _rounded(text: str) -> str:
    """Return 0.3 for 0.30000000000000004; a name that only looks like a number, such as 1.10, stays."""
    if len(text) > _DIGITS + 2 and _DECIMAL_POINT.fullmatch(text):
        return _digits(float(text))
    return text


def _digits(value: float) -> str:
    """Return a number to nine digits, but a whole one, such as a long seed in a column of floats, to all of them."""
    return str(int(value)) if value.is_integer() and abs(value) <= _LARGEST_EXACT else f"{value:.{_DIGITS}g}"


def is_missing(cell: Cell) -> bool:
    """Return whether a cell of numbers says nothing: empty, or a word such as NA."""
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in _MISSING)


def number(cell: Cell) -> float:
    """Return a cell as a float: NaN where it is missing, infinite where it is too large; a ValueError for a word."""
    if cell is None or is_missing(cell):
        return math.nan
    if isinstance(cell, str) and "_" in cell:  # Python would read 1_000
        raise ValueError(cell)
    value = float(cell)
    return math.copysign(math.inf, value) if abs(value) > _TOO_LARGE else value


def is_number(cell: Cell) -> bool:
    """Return whether a cell holds a number, or NaN."""
    try:
        number(cell)
    except ValueError:
        return False
    return not isinstance(cell, bool)


def is_true(cell: Cell) -> bool:
    """Return whether a cell says yes (true, a number other than 0) and not no; a ValueError for any other word."""
    if is_number(cell):
        value = number(cell)
        return value != 0 and not math.isnan(value)
    word = name(cell).casefold()
    if word not in _TRUE | _FALSE:
        raise ValueError(cell)
    return word in _TRUE


def key(value: float) -> float:
    """Return a number rounded to nine digits, so that equal learning rates and epochs are equal."""
    return float(f"{value:.{_DIGITS}g}")


def seed(cell: Cell) -> int | str:
    """Return a seed: a whole number however it is written (7, "7", 7.0, "07"), or its text."""
    text = name(cell)
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if is_number(text) and float(text).is_integer():
        return int(float(text))
    return text


def has_decimal_comma(cell: Cell) -> bool:
    """Return whether a cell is a number with a decimal comma, such as 0,5."""
    return isinstance(cell, str) and _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def has_decimal_point(cell: Cell) -> bool:
    """Return whether a cell is a number with a decimal point, such as 0.5."""
    return isinstance(cell, str) and _DECIMAL_POINT.fullmatch(cell.strip()) is not None
