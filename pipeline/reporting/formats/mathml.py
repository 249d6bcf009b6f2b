"""LaTeX formulas as MathML, which browsers draw without a script, a font or a download."""

from __future__ import annotations

import re
from functools import lru_cache

from latex2mathml.converter import convert

_TAG = re.compile(r'</?m[a-z]+(?: (?!href|src)[a-z]+="[^"<>]*")*/?>')
# latex2mathml copies unknown commands and the inside of \text as they are
_LEFTOVER = re.compile(r"[<>\\]|&(?!#x[0-9A-Fa-f]+;)")


@lru_cache(maxsize=1024)
def to_mathml(latex: str, display: bool) -> str:
    """Return a LaTeX formula (without dollar signs) as a ``<math>`` element; ValueError if it is not a plain one."""
    try:
        mathml = convert(latex, display="block" if display else "inline")
    except Exception as error:  # latex2mathml's exceptions have no common ancestor
        raise ValueError(f"not a valid LaTeX formula: {latex!r} ({type(error).__name__})") from error
    if found := _LEFTOVER.search(_TAG.sub("", mathml)):
        raise ValueError(f"not a plain LaTeX formula: {latex!r} (at {found.string[found.start() :][:20]!r})")
    return mathml
