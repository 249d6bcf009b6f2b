"""The sentence that answers the question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUESTION = "adam_always_best"


def answer_of(verdicts: Mapping[str, Any] | None) -> str | None:
    """Return the sentence of the verdict on the question, or None where there is none.

    Parameters
    ----------
    verdicts
        ``results/verdicts.json``: verdicts by the id of their claim; None without the stage that judges.
    """
    found = (verdicts or {}).get(_QUESTION)
    return str(found["sentence"]) if found else None
