"""What comes of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What may be said of a claim."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    NO_MEANINGFUL_DIFFERENCE = "no meaningful difference"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not tested"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim, judged.

    Attributes
    ----------
    claim
        The claim's id.
    outcome
        What may be said of it.
    sentence
        The verdict in plain words, with the numbers that decided.
    rule
        The decision rule, as it was written before the numbers.
    what_would_change_it
        What a reader would have to find to come to another verdict.
    effect, low, high
        The deciding difference and its interval in `unit`; None where there is none.
    unit
        ``percentage points``, ``nats``, ``times`` (a ratio) or ``decades``.
    p
        Of the deciding test, corrected as `test` says; None where nothing was tested.
    test
        How `p` was found.
    problems
        Those the verdict rests on.
    """

    claim: str
    outcome: Outcome
    sentence: str
    rule: str
    what_would_change_it: str
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    p: float | None = None
    test: str = ""
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the verdict for ``verdicts.json``."""
        return {
            "verdict": str(self.outcome),
            "effect": self.effect,
            "unit": self.unit,
            "low": self.low,
            "high": self.high,
            "p": self.p,
            "problems": list(self.problems),
            "sentence": self.sentence,
            "test": self.test,
            "rule": self.rule,
            "what_would_change_it": self.what_would_change_it,
        }
