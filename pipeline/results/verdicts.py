"""``results/verdicts.json``: the verdict on each claim."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class VerdictRecord(Record):
    """The verdict on a claim; None where nothing was tested."""

    verdict: str  # supported, refuted, no meaningful difference, inconclusive or not tested
    effect: float | None  # the deciding difference, with its interval
    unit: str | None  # percentage points, nats, times (a ratio) or decades
    low: float | None
    high: float | None
    p: float | None  # of the deciding test, corrected as `test` says
    problems: tuple[str, ...]  # those that the verdict rests on
    sentence: str  # the verdict in plain words, with the numbers that decided
    test: str
    rule: str  # this, title, quote and needs: see `pipeline.comparison.claim.Claim`
    what_would_change_it: str
    title: str
    quote: str
    needs: tuple[str, ...]
    p_over_all_claims: float | None  # Holm's correction


class Verdicts(Document):
    """The verdicts by claim, the study's question first."""

    PATH = Path("results/verdicts.json")

    claims: dict[str, VerdictRecord]
