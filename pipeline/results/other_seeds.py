"""``results/other_seeds.json``: the verdicts again, after another search and with other seeds (``make other-seeds``).

No stage writes it, as it takes as long as the study itself. `repeats` tells whether it belongs to the verdicts at hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipeline.results.document import Document, Record

if TYPE_CHECKING:
    from pipeline.results.verdicts import VerdictRecord, Verdicts

_OPPOSITE = {"supported", "refuted"}


class SeedsRecord(Record):
    """The seeds of a study: of its search, and the first and the last one of its final trainings."""

    search: int
    first: int
    last: int


class Judged(Record):
    """A verdict and the numbers that decided it, as in `VerdictRecord`."""

    verdict: str
    effect: float | None
    low: float | None
    high: float | None
    unit: str | None
    p: float | None
    sentence: str

    @classmethod
    def of(cls, verdict: VerdictRecord) -> Self:
        """Take them from a verdict."""
        return cls(**{name: getattr(verdict, name) for name in cls.model_fields})


class ClaimAgain(Record):
    """A claim in both studies; `could_change` is False where it rests on timings alone, or was not tested."""

    could_change: bool
    study: Judged
    other: Judged

    @property
    def same(self) -> bool:
        """Whether both came to the same verdict."""
        return self.study.verdict == self.other.verdict


class OtherSeeds(Document):
    """The study and a second one with other seeds, claim by claim."""

    PATH = Path("results/other_seeds.json")
    MADE_BY = "make other-seeds"

    problems: tuple[str, ...]
    seeds: SeedsRecord
    other_seeds: SeedsRecord
    claims: dict[str, ClaimAgain]

    @property
    def could_change(self) -> list[str]:
        """The claims whose verdict could change."""
        return [name for name, claim in self.claims.items() if claim.could_change]

    @property
    def changed(self) -> list[str]:
        """The claims whose verdict did change."""
        return [name for name, claim in self.claims.items() if not claim.same]

    @property
    def turned_round(self) -> list[str]:
        """The claims that were supported in one study and refuted in the other."""
        claims = {name: self.claims[name] for name in self.changed}
        return [name for name, claim in claims.items() if {claim.study.verdict, claim.other.verdict} == _OPPOSITE]

    def repeats(self, verdicts: Verdicts) -> bool:
        """Return whether these are the verdicts that were judged again, number by number."""
        return {name: claim.study for name, claim in self.claims.items()} == {
            name: Judged.of(verdict) for name, verdict in verdicts.claims.items()
        }
