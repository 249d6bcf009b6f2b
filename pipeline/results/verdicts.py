"""``results/verdicts.json``: the verdict on each claim."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class VerdictRow(Record):
    """One comparison that a claim rests on: `a` is claimed to be better than `b`; `reason` if it was not tested."""

    problem: str
    measure: str
    a: str  # names for people
    b: str
    difference: float | None  # a − b
    low: float | None
    high: float | None
    unit: str  # percentage points, nats, squared error, or times (a ratio)
    p: float | None  # corrected for the family and for the problems of the claim
    outcome: str  # better, worse, no meaningful difference, inconclusive or not tested
    reason: str = ""
    decisive: bool = False  # whether it is the one whose numbers the verdict shows


class PartRecord(Record):
    """A part of a claim with its own verdict; a concession ("although it needs more time") decides nothing."""

    title: str
    verdict: str
    concession: bool
    rows: tuple[VerdictRow, ...]


class OutsideRecord(Record):
    """What others found on a claim, and how it stands to the verdict."""

    source: str  # as a sentence calls it
    reference: str  # with title and where it appeared
    finding: str  # in our words
    found: str  # what that says of the claim: supports, refutes, or mixed
    stands: str  # agrees, differs, or not comparable
    sentence: str  # why, and what is not the same in the two


class VerdictRecord(Record):
    """The verdict on a claim; the numbers are those of the deciding comparison, None where nothing was tested."""

    title: str
    says: str  # what the assignment says, in our words, translated from Persian
    tested: str  # what was tested
    rule: str  # the decision rule in plain words; `Verdicts.method` holds for all of them
    needs: tuple[str, ...]
    verdict: str  # supported, refuted, no meaningful difference, inconclusive or not tested
    answer: str  # in one line
    sentence: str  # the answer with the numbers that decided
    what_would_change_it: str
    effect: float | None
    low: float | None
    high: float | None
    unit: str | None
    p: float | None
    test: str  # how p was found
    problems: tuple[str, ...]  # those that the verdict rests on
    parts: tuple[PartRecord, ...]
    outside: tuple[OutsideRecord, ...]


class Verdicts(Document):
    """The verdicts by claim, the study's question first; `method` says how comparisons are tested."""

    PATH = Path("results/verdicts.json")

    method: str
    claims: dict[str, VerdictRecord]
