"""What a claim is, and how claims are judged that compare optimizers two at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from pipeline.comparison import sentences
from pipeline.comparison.decisions import VerdictKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.comparison.decisions import Decision
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.comparison.pairs import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may be said about a claim; the fields are explained at `pipeline.results.verdicts.VerdictRecord`."""

    kind: VerdictKind
    sentence: str
    what_would_change_it: str
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    p: float | None = None
    test: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim of the assignment; its id is the name of its file.

    `rule` is the decision rule in plain words, written before the numbers; `needs` is the evidence that `find` judges,
    which returns None where that is absent. `is_the_question` of the study comes first.
    """

    title: str
    quote: str
    rule: str
    needs: tuple[str, ...]
    find: Callable[[Evidence], Verdict | None]
    is_the_question: bool = False

    def judge(self, evidence: Evidence) -> Verdict:
        """Return the verdict; "not tested" where what the claim needs is absent."""
        needs = "; ".join(self.needs)
        return self.find(evidence) or Verdict(
            kind=VerdictKind.NOT_TESTED,
            sentence=f"Not tested: the study lacks what the claim needs ({needs}).",
            what_would_change_it=f"A study that has {needs}.",
        )


class Group(Enum):
    """Several optimizers in the place of one."""

    EVERY_OTHER = auto()
    NOT_ADAPTIVE = auto()


# who is claimed to be better, than whom, and on what
Compared = tuple[str | Group, str | Group, "Measure"]


def on(problem: str, *compared: Compared) -> Callable[[Evidence], list[Pair]]:
    """Compare on a problem, or on the study's first one where it is absent."""
    return lambda evidence: _pairs(evidence, evidence.problem(problem), compared)


def only_on(problem: str, *compared: Compared) -> Callable[[Evidence], list[Pair]]:
    """Compare on a problem and on no other."""
    return lambda evidence: _pairs(evidence, problem, compared)


def everywhere(*compared: Compared) -> Callable[[Evidence], list[Pair]]:
    """Compare on every problem of the study."""
    return lambda evidence: [pair for problem in evidence.problems for pair in _pairs(evidence, problem, compared)]


def _pairs(evidence: Evidence, problem: str, compared: Sequence[Compared]) -> list[Pair]:
    return [
        evidence.pair(problem, a, b, measure)
        for better, worse, measure in compared
        for a in _named(evidence, problem, better)
        for b in _named(evidence, problem, worse)
        if a != b
    ]


def _named(evidence: Evidence, problem: str, who: str | Group) -> list[str]:
    if isinstance(who, str):
        return [who]
    return evidence.roster(problem, None if who is Group.EVERY_OTHER else evidence.settings.not_adaptive)


def by_pairs(
    pairs: Callable[[Evidence], list[Pair]],
    decide: Callable[[Sequence[Pair], Evidence], Decision],
    *,
    yes: str,
    no: str,
) -> Callable[[Evidence], Verdict | None]:
    """Return how a claim is judged that compares optimizers two at a time; in every pair `a` is claimed to be better.

    `pairs` says what is compared, `decide` is a rule of `decisions` or the claim's own; `yes` and `no` are what a
    supported and a refuted claim means, clauses without a full stop.
    """

    def find(evidence: Evidence) -> Verdict | None:
        compared = pairs(evidence)
        return _in_words(decide(compared, evidence), compared, evidence, yes, no) if compared else None

    return find


def _in_words(decision: Decision, pairs: Sequence[Pair], evidence: Evidence, yes: str, no: str) -> Verdict:
    if decision.decisive is None:
        gap, change = f"Not tested: {decision.note}.", f"A study without this gap: {decision.note}."
        return Verdict(kind=decision.kind, sentence=gap, what_would_change_it=change)
    pair = decision.decisive.pair
    effect, low, high = pair.effect()
    undecided, alike = "The numbers do not decide it", "The difference is too small to matter"
    lead = sentences.lead(decision.kind, yes=yes, no=no, alike=alike, undecided=undecided)
    note = f" ({decision.note})" if decision.note else ""
    return Verdict(
        kind=decision.kind,
        sentence=f"{lead}: {sentences.numbers(pair, evidence)}{note}.",
        what_would_change_it=sentences.change(decision, evidence.settings.alpha),
        effect=effect,
        low=low,
        high=high,
        unit=pair.measure.unit,
        p=decision.p,
        test=decision.test,
        problems=tuple(dict.fromkeys(pair.a.problem for pair in pairs if pair.found)),
    )
