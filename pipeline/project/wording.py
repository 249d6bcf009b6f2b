"""Words that many messages share."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def closest(found: object, allowed: Any, *, most: int | None = None) -> str:
    """Return ``; did you mean 'x'? Allowed: x, y, z`` for an error message, which names at most so many.

    Where no name is alike, it is ``; allowed: x, y, z``.
    """
    names = [str(name) for name in allowed]
    hint = alike(found, names)
    more = [] if most is None or len(names) <= most else [f"and {len(names) - most} more"]
    return f"{f'{hint} Allowed' if hint else '; allowed'}: {', '.join(names[:most] + more)}"


def alike(found: object, names: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for an error message, or nothing where no name is alike."""
    folded = {name.casefold(): name for name in names}
    matches = difflib.get_close_matches(str(found).casefold(), folded, n=1, cutoff=0.51)
    return f"; did you mean {folded[matches[0]]!r}?" if matches else ""


def shortened(value: object) -> str:
    """Return what was found, for an error message, in at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def counted(count: int, noun: str) -> str:
    """Return ``1 seed``, ``10 seeds``, ``45,000 images``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(items: Iterable[object], word: str = "and", *, most: int | None = None) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``, or with `most` ``a, b and 7 more``; `word` stands before the last."""
    parts = [str(item) for item in items]
    if most is not None and len(parts) > most:
        parts[most:] = [f"{len(parts) - most} more"]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"
