"""The assignment's claims: each with its verdict, the evidence behind it, and what others found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Bullets, Folded, Heading, Item, Paragraph, Table, literal
from pipeline.reporting.numbers_in_words import NONE, effect, effect_interval, p_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.reporting.study_results import Results
    from pipeline.results.verdicts import OutsideRecord, PartRecord, VerdictRecord, VerdictRow

_OPEN = "inconclusive"


def build(results: Results) -> list[Item]:
    """Return the section: a table of all claims, then the evidence of each; nothing without claims."""
    claims = results.verdicts.claims
    if not claims:
        return []
    rows = tuple(
        (
            f"[{verdict.title}](#claim-{claim})",
            f"**{verdict.verdict}**",
            literal(verdict.answer),
            *_repeated(results, claim),
            _standing(verdict.outside),
        )
        for claim, verdict in claims.items()
    )
    return [
        Heading("The claims of the assignment", "verdicts"),
        Paragraph(_counts(results)),
        *_agreement(results),
        Table(
            ("claim", "verdict", "in one line", *(["with other seeds"] if results.again else []), "what others found"),
            rows,
            "lllll" if results.again else "llll",
            "All claims; each links to its evidence. `docs/why/related.md` says more of what others found.",
        ),
        Folded("How verdicts are reached", (Paragraph(_introduction(len(claims))), Paragraph(results.verdicts.method))),
        *(_claim(results, claim, verdict) for claim, verdict in claims.items()),
    ]


def _introduction(count: int) -> str:
    return (
        f"These are the {counted(count, 'claim')} that the assignment makes, in our words, translated from Persian. "
        "Every rule was written before the numbers, with its margins in `params.yaml` (`comparison`). A verdict is one "
        "of five: **supported**, **refuted**, **no meaningful difference** (shown to be smaller than a margin that was "
        "fixed beforehand), **inconclusive** (the data do not decide it; what stands in the way is said) and **not "
        "tested** (what the claim needs was not measured). Each claim is a question of its own, announced beforehand, "
        "so its comparisons are corrected for one another, and verdicts are not."
    )


def _standing(outside: Iterable[OutsideRecord]) -> str:
    """Return ``agrees: Wen et al. 2025; differs: …``, a dash where nobody is known to have asked."""
    found: dict[str, list[str]] = {}
    for one in outside:
        found.setdefault(one.stands, []).append(literal(one.source))
    return "; ".join(f"*{stands}*: {listed(who)}" for stands, who in found.items()) or NONE


def _counts(results: Results) -> str:
    """Return how many claims came to each verdict."""
    counts = Counter(one.verdict for one in results.verdicts.claims.values())
    told = listed(f"{count} **{verdict}**" for verdict, count in counts.most_common())
    return (
        f"The assignment makes {counted(counts.total(), 'claim')}: {told}. Every rule was written before the numbers."
    )


def _agreement(results: Results) -> list[Item]:
    """Return how many verdicts another search and other seeds changed, if the study was made again."""
    again = results.again
    if again is None:
        return []
    could, changed, turned = len(again.could_change), len(again.changed), len(again.turned_round)
    seeds = again.other_seeds
    return [
        Paragraph(
            f"The whole study was made again with another search (seed {seeds.search}) and other seeds "
            f"({seeds.first} to {seeds.last}): of the {counted(could, 'verdict')} that could change, "
            f"{could - changed} are the same, and {turned or 'none'} turned into the opposite."
        )
    ]


def _repeated(results: Results, claim: str) -> list[str]:
    """Return the verdict of the second study, a dash where it could not change; nothing without that study."""
    if results.again is None:
        return []
    found = results.again.claims[claim]
    return [NONE if not found.could_change else "the same" if found.same else f"**{found.other.verdict}**"]


def _claim(results: Results, claim: str, verdict: VerdictRecord) -> Folded:
    """Return what is behind a verdict, on demand."""
    return Folded(
        f"{verdict.title}: {verdict.verdict}",
        (
            Paragraph(f"*The assignment, translated:* {verdict.says}"),
            Paragraph(_sentence(verdict)),
            Bullets(tuple(_entries(results, claim, verdict))),
            *_others(verdict.outside),
            *_evidence(results, verdict),
        ),
        f"claim-{claim}",
    )


def _sentence(verdict: VerdictRecord) -> str:
    """Return the verdict in bold, and its sentence, which may begin with it."""
    name = verdict.verdict.capitalize()
    start, found, rest = verdict.sentence.partition(f"{name}: ")
    if found and not start:
        return f"**{name}:** {literal(rest)}"
    return f"**{name}.** {literal(verdict.sentence)}"


def _entries(results: Results, claim: str, verdict: VerdictRecord) -> list[str]:
    entries = [f"**What was tested.** {verdict.tested}", *_deciding(verdict)]
    entries += [text for part in verdict.parts if (text := _by_problem(results, part))]
    entries += _second(results, claim)
    lead = "What stands in the way" if verdict.verdict == _OPEN else "What would change it"
    return [*entries, f"**{lead}.** {literal(verdict.what_would_change_it)}"]


def _second(results: Results, claim: str) -> list[str]:
    """Return what the second study found, where it could differ."""
    found = results.again.claims[claim] if results.again else None
    if found is None or not found.could_change:
        return []
    return [f"**With other seeds and another search.** {found.other.verdict}: {literal(found.other.sentence)}"]


def _deciding(verdict: VerdictRecord) -> list[str]:
    """Return the comparison whose numbers the verdict shows, with its interval and its p."""
    if verdict.effect is None:
        return []
    rows = [row for part in verdict.parts for row in part.rows if row.decisive]
    pair = f"{_versus(rows[0])}: " if rows else ""
    interval = effect_interval(verdict.low, verdict.high, verdict.unit)
    between = "" if interval == NONE else f", 95 % interval {interval}"
    p = f", p {p_value(verdict.p)}" if verdict.p is not None else ""
    how = f" ({literal(verdict.test)})" if verdict.test else ""
    return [f"**What decided it.** {pair}{effect(verdict.effect, verdict.unit)}{between}{p}{how}"]


def _versus(row: VerdictRow) -> str:
    return f"{literal(row.a)} against {literal(row.b)}"


def _by_problem(results: Results, part: PartRecord) -> str:
    """Return the verdict of a part, and how its comparisons came out on each problem."""
    found: dict[str, list[VerdictRow]] = {}
    for row in part.rows:
        found.setdefault(row.problem, []).append(row)
    if not found:
        return ""
    told = "; ".join(f"{_title(results, problem)}: {_outcomes(rows)}" for problem, rows in found.items())
    conceded = ", which the claim concedes and which decides nothing" if part.concession else ""
    return f"**{_capitalized(literal(part.title))}**: {part.verdict}{conceded}. {told}"


def _outcomes(rows: list[VerdictRow]) -> str:
    counts = Counter(row.outcome for row in rows)
    return ", ".join(outcome if len(rows) == 1 else f"{count} {outcome}" for outcome, count in counts.most_common())


def _title(results: Results, problem: str) -> str:
    """Return a problem's name for people; a claim may ask for one that the study lacks."""
    return results.title(problem) if problem in results.problems.problems else literal(problem)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _others(outside: tuple[OutsideRecord, ...]) -> list[Item]:
    """Return what others found, a line each, and how it stands to the verdict."""
    if not outside:
        return []
    rows = tuple(
        (literal(one.source), literal(one.finding), f"**{one.stands}**", literal(one.sentence)) for one in outside
    )
    return [Table(("others", "what they found", "beside this verdict", "why"), rows, "llll")]


def _evidence(results: Results, verdict: VerdictRecord) -> list[Item]:
    """Return the rule and every comparison."""
    items: list[Item] = [Paragraph(f"**Rule, fixed beforehand.** {verdict.rule}")]
    items += [_table(results, part) for part in verdict.parts if part.rows]
    if verdict.outside:
        items.append(Paragraph(f"The studies: {literal('; '.join(one.reference for one in verdict.outside))}."))
    return items


def _table(results: Results, part: PartRecord) -> Table:
    decisive = frozenset(number for number, row in enumerate(part.rows) if row.decisive)
    rows = tuple(
        (
            _title(results, row.problem),
            literal(row.measure),
            literal(row.a),
            literal(row.b),
            effect(row.difference, row.unit),
            effect_interval(row.low, row.high, row.unit),
            p_value(row.p),
            f"{row.outcome}: {literal(row.reason)}" if row.reason else row.outcome,
        )
        for row in part.rows
    )
    return Table(
        ("problem", "measure", "this", "against", "difference", "95 % interval", "p", "outcome"),
        rows,
        "llllrrrl",
        f"{_capitalized(literal(part.title))}: {part.verdict}.{' In bold what decided the claim.' if decisive else ''}",
        decisive,
    )
