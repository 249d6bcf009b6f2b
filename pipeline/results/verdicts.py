"""``results/verdicts.json``: the verdict on each claim."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class VerdictRecord(Record):
    """The verdict on a claim.

    Attributes
    ----------
    verdict
        ``supported``, ``refuted``, ``no meaningful difference``, ``inconclusive`` or ``not tested``.
    effect, low, high
        The deciding difference and its interval in `unit`; None where there is none.
    unit
        ``percentage points``, ``nats``, ``times`` (a ratio) or ``decades``.
    p, p_over_all_claims
        Of the deciding test, corrected as `test` says, and Holm's over all claims; None where nothing was tested.
    problems
        The problems that the verdict rests on.
    sentence
        The verdict in plain words, with the numbers that decided.
    rule, title, quote, needs
        Of the claim: see `pipeline.comparison.claim.Claim`.
    """

    verdict: str
    effect: float | None
    unit: str | None
    low: float | None
    high: float | None
    p: float | None
    problems: tuple[str, ...]
    sentence: str
    test: str
    rule: str
    what_would_change_it: str
    title: str
    quote: str
    needs: tuple[str, ...]
    p_over_all_claims: float | None


class Verdicts(Document):
    """The verdicts by claim, the study's question first."""

    PATH = Path("results/verdicts.json")

    claims: dict[str, VerdictRecord]
