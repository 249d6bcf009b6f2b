"""What a claim is, and how it is judged by comparing optimizers in pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pipeline.comparison import sentences
from pipeline.comparison.decisions import (
    KINDS,
    Cell,
    VerdictKind,
    all_parts,
    generally,
    generally_above_the_middle,
    mostly_alike,
    somewhere,
)
from pipeline.comparison.pairs import Pair, Side, compare_families
from pipeline.project.numbers import decimals
from pipeline.results.verdicts import PartRecord, VerdictRecord

if TYPE_CHECKING:
    from pipeline.comparison.decisions import Rule
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.comparison.outside import Outside
    from pipeline.comparison.pairs import Tested
    from pipeline.results.verdicts import VerdictRow

Where: TypeAlias = Callable[["Evidence"], Sequence[str]]

RULE_TEXTS: dict[Rule, str] = {
    generally: (
        "Supported: better on more than half of the problems, and worse on none. No meaningful difference: alike on "
        "more than half, and worse on none. Refuted: worse on one at least, and shown not to be better on more than "
        "half. Otherwise inconclusive. Where a problem has several comparisons, the same rule over them gives its "
        "answer."
    ),
    generally_above_the_middle: (
        "A problem is alike if more than half of its comparisons are; otherwise, where more than half of them are "
        "decided, it is better if more are better than worse, and worse if more are worse than better; else it is "
        "open. Supported: better on more than half of the problems, and worse on none. No meaningful difference: alike "
        "on more than half, and worse on none. Refuted: worse on one at least, and worse or alike on more than half. "
        "Otherwise inconclusive."
    ),
    somewhere: (
        "Supported: better in one comparison at least, on whatever problem. No meaningful difference: alike in all. "
        "Refuted: in all shown not to be better. Otherwise inconclusive."
    ),
    mostly_alike: (
        "A problem is alike if all its comparisons are, and different if one of them is better or worse. Supported: "
        "more than half of the problems are alike. Refuted: more than half are different. Otherwise inconclusive. (No "
        "meaningful difference is what is claimed, so it is no verdict of its own.)"
    ),
}
ALL_PARTS = (
    "All parts must hold: refuted where one is refuted, supported where all are supported, no meaningful difference "
    "where the others are supported or without a difference that matters; not tested where a part could not be tested "
    "and none is refuted; otherwise inconclusive."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """One side of a comparison: `rows` or a `group` of the settings (taken together as their mean), or a fixed value.

    Parameters
    ----------
    each
        Every optimizer that is not on the other side, one comparison each.
    title
        For people, where it is more than one optimizer.
    problem
        Where it is compared, if not on the problem of the comparison.
    margin
        The setting of ``comparison.margins`` that is the fixed value.
    """

    rows: tuple[str, ...] = ()
    group: Literal["", "adaptive", "not_adaptive"] = ""
    each: bool = False
    title: str = ""
    problem: str = ""
    margin: str = ""

    def sides(self, evidence: Evidence, problem: str, other: Who) -> list[Side]:
        """Return the sides that it stands for on a problem."""
        where = self.problem or problem
        if self.margin:
            return [Side(where, (), self.title, evidence.settings.margin(self.margin, where))]
        if self.each:
            rows = other.members(evidence, where)
            return [Side(where, (name,)) for name in evidence.roster(where) if name not in rows]
        members = self.members(evidence, where)
        return [Side(where, members, self.title if len(members) > 1 else "")]

    def members(self, evidence: Evidence, problem: str) -> tuple[str, ...]:
        """Return its optimizers that count on a problem; those that are named where none does."""
        named: tuple[str, ...] = getattr(evidence.settings, self.group) if self.group else self.rows
        return tuple(name for name in named if name in evidence.roster(problem)) or named


EACH_OTHER = Who(each=True)
ADAPTIVE = Who(group="adaptive", title="the adaptive methods")
NOT_ADAPTIVE = Who(group="not_adaptive", title="the methods without adaptive rates")
NEWER_SGD = Who(rows=("momentum", "nesterov"), title="the newer SGD methods")


def row(name: str, problem: str = "") -> Who:
    """Return one optimizer, on a problem of its own if given."""
    return Who(rows=(name,), problem=problem)


def everywhere(evidence: Evidence) -> Sequence[str]:
    """Return every problem of the study."""
    return evidence.problems


def complete(evidence: Evidence) -> Sequence[str]:
    """Return the problems that every optimizer took part in."""
    return evidence.complete_problems


def constant(evidence: Evidence) -> Sequence[str]:
    """Return the problems whose learning rate is constant."""
    return [name for name in evidence.problems if name in evidence.constant]


def only(*names: str) -> Where:
    """Return those of the named problems that the study has; all of them where it has none, to say so."""
    return lambda evidence: [name for name in names if name in evidence.problems] or names


def complete_and(*names: str) -> Where:
    """Return `complete`, and the named problems where the study has them."""
    return lambda evidence: [name for name in evidence.problems if name in names or name in evidence.complete_problems]


SPARSE = ("visual_words", "digits_words")
"""The problems whose inputs are mostly zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that must hold for a claim: `a` is better than `b`, by measures that are tested as one family."""

    title: str
    measures: tuple[Measure, ...]
    a: Who
    b: Who
    on: Where
    more: tuple[tuple[Who, Who], ...] = ()  # further pairs of the same kind
    rule: Rule = generally
    likeness: bool = False  # by margins that are wider by the setting `alike`
    any_difference: bool = False  # by no margin, where `b` is a fixed value that is one itself
    concession: bool = False  # shown, but the claim holds without it

    def families(self, evidence: Evidence) -> list[list[Pair]]:
        """Return the comparisons, those of each problem as a family; a problem without any is left out."""
        widened = evidence.settings.margins.alike if self.likeness else 0.0 if self.any_difference else 1.0
        found = [
            [
                Pair(measure, a, b, widened)
                for measure in self.measures
                for one, other in ((self.a, self.b), *self.more)
                for a in one.sides(evidence, problem, other)
                for b in other.sides(evidence, problem, one)
            ]
            for problem in self.on(evidence)
        ]
        return [pairs for pairs in found if pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came out of a claim's evidence; the fields are explained at `VerdictRecord`.

    `numbers` are the numbers that decided, as a clause, and `note` what else a reader must know.
    """

    kind: VerdictKind
    numbers: str
    note: str
    change: str
    parts: tuple[PartRecord, ...] = ()
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

    Parameters
    ----------
    says
        What the assignment says, in our words, translated from Persian.
    tested
        What was tested.
    rule
        What is compared with what, on which problems: the first half of the decision rule, written before the numbers.
        The second half follows from the parts.
    yes, no, same, undecided
        What each verdict means, in one line for a student.
    parts, find
        The comparisons that decide it; or a way of its own to judge the evidence, which has its whole rule in `rule`.
    is_the_question
        Whether it is the question of the study, which comes first.
    """

    title: str
    says: str
    tested: str
    rule: str
    needs: tuple[str, ...]
    yes: str
    no: str
    same: str
    undecided: str
    outside: tuple[Outside, ...] = ()
    parts: tuple[Part, ...] = ()
    find: Callable[[Evidence], Found] | None = None
    is_the_question: bool = False

    @property
    def whole_rule(self) -> str:
        """The decision rule in plain words."""
        deciding = [part for part in self.parts if not part.concession]
        texts = list(dict.fromkeys(RULE_TEXTS[part.rule] for part in deciding))
        return " ".join([self.rule, *texts, *([ALL_PARTS] if len(deciding) > 1 else [])])

    def judge(self, evidence: Evidence) -> VerdictRecord:
        """Return the verdict; numbers are rounded to six decimals."""
        found = self.find(evidence) if self.find else _by_parts(self.parts, evidence)
        answer = {
            VerdictKind.SUPPORTED: self.yes,
            VerdictKind.REFUTED: self.no,
            VerdictKind.NO_MEANINGFUL_DIFFERENCE: self.same,
            VerdictKind.INCONCLUSIVE: self.undecided,
            VerdictKind.NOT_TESTED: f"Not tested: {found.note or 'the study lacks ' + '; '.join(self.needs)}",
        }[found.kind]
        tested = found.kind is not VerdictKind.NOT_TESTED
        note = f" ({found.note})" if found.note and tested else ""
        return VerdictRecord(
            title=self.title,
            says=self.says,
            tested=self.tested,
            rule=self.whole_rule,
            needs=self.needs,
            verdict=str(found.kind),
            answer=f"{answer}.",
            sentence=f"{answer}: {found.numbers}{note}." if tested else f"{answer}.",
            what_would_change_it=found.change if tested else f"A study that has {'; '.join(self.needs)}.",
            effect=decimals(found.effect),
            low=decimals(found.low),
            high=decimals(found.high),
            unit=found.unit,
            p=decimals(found.p),
            test=found.test,
            problems=found.problems,
            parts=found.parts,
            outside=tuple(one.beside(found.kind) for one in self.outside),
        )


def _by_parts(parts: Sequence[Part], evidence: Evidence) -> Found:
    tested = [compare_families(evidence, part.families(evidence)) for part in parts]
    cells = [part.rule(problems, evidence) for part, problems in zip(parts, tested, strict=True)]
    decided = all_parts([cell for part, cell in zip(parts, cells, strict=True) if not part.concession])
    records = tuple(
        _record(part, cell, problems, decided.decisive, evidence)
        for part, cell, problems in zip(parts, cells, tested, strict=True)
    )
    note = "; ".join([decided.note] * bool(decided.note) + _conceded(parts, cells))
    if decided.decisive is None:
        return Found(kind=KINDS[decided.outcome], numbers="", note=decided.note, change="", parts=records)
    found = decided.decisive
    effect, low, high = map(found.measure.shown, (found.interval.estimate, found.interval.low, found.interval.high))
    known = [one for problems in tested for problem in problems for one in problem if not one.reason]
    return Found(
        kind=KINDS[decided.outcome],
        numbers=sentences.numbers(found, evidence),
        note=note,
        change=sentences.change(decided, evidence),
        parts=records,
        effect=effect,
        low=low,
        high=high,
        unit=found.measure.unit,
        p=found.corrected,
        test=sentences.test(found),
        problems=tuple(dict.fromkeys(one.pair.problem for one in known)),
    )


def _conceded(parts: Sequence[Part], cells: Sequence[Cell]) -> list[str]:
    return [
        f"what it concedes ({part.title}): {KINDS[cell.outcome]}"
        for part, cell in zip(parts, cells, strict=True)
        if part.concession
    ]


def _record(
    part: Part, cell: Cell, problems: Sequence[Sequence[Tested]], decisive: Tested | None, evidence: Evidence
) -> PartRecord:
    rows: list[VerdictRow] = [
        sentences.table_row(found, evidence, decisive=found is decisive) for problem in problems for found in problem
    ]
    return PartRecord(title=part.title, verdict=str(KINDS[cell.outcome]), concession=part.concession, rows=tuple(rows))
