"""The sentence that answers the question, from whatever order the verdicts come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_QUESTION = "adam_always_best"


def answer_of(verdicts: Any) -> str | None:
    """Return the sentence of the verdict on the question, or None where there is none.

    Parameters
    ----------
    verdicts
        ``results/verdicts.json``: verdicts by id, or a list of verdicts with an ``id``; None without that stage.
    """
    if isinstance(verdicts, Mapping):
        found = verdicts.get(_QUESTION)
    else:
        found = next((entry for entry in verdicts or () if entry.get("id") == _QUESTION), None)
    sentence = found.get("sentence") if isinstance(found, Mapping) else None
    return str(sentence) if sentence else None
