"""The assignment's claims, each with its verdict and the numbers behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting.items import Bullets, Heading, Item, Paragraph, Table, literal
from pipeline.reporting.numbers_in_words import NONE, effect, effect_interval, p_value

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results
    from pipeline.results.verdicts import VerdictRecord


def build(results: Results) -> list[Item]:
    """Return the section: a table of all claims, then the evidence of each; nothing without claims."""
    claims = results.verdicts.claims
    if not claims:
        return []
    rows = tuple(
        (
            f"[{verdict.title}](#claim-{claim})",
            f"**{verdict.verdict}**",
            effect(verdict.effect, verdict.unit),
            p_value(verdict.p),
        )
        for claim, verdict in claims.items()
    )
    return [
        Heading("The claims of the assignment", "verdicts"),
        Paragraph(_introduction(results.comparison.settings.alpha)),
        Table(("claim", "verdict", "effect", "p"), rows, "llrr", "All claims; each links to its evidence."),
        *(item for claim, verdict in claims.items() for item in _claim(results, claim, verdict)),
    ]


def _introduction(alpha: float) -> str:
    return (
        "Every rule below was written before the numbers, with its margins in `params.yaml` (`comparison`). A verdict "
        "is one of five: **supported**, **refuted**, **no meaningful difference** (shown to be smaller than a margin "
        "that was fixed beforehand), **inconclusive** (too few seeds to tell) and **not tested** (what the claim needs "
        "was not measured). A p is that of an exact test on runs paired by seed, corrected for the other tests of its "
        f"claim as stated beside it, and is compared with {alpha:g}. Each claim is a separate question, announced "
        "beforehand, so verdicts are not corrected for each other; beside each p stands what remains after Holm's "
        "correction over all claims."
    )


def _claim(results: Results, claim: str, verdict: VerdictRecord) -> list[Item]:
    entries = [*_numbers(verdict), f"**Rule, fixed beforehand.** {verdict.rule}"]
    if verdict.problems:
        entries.append(f"**Problems.** {'; '.join(results.title(problem) for problem in verdict.problems)}")
    entries.append(f"**What would change it.** {literal(verdict.what_would_change_it)}")
    return [
        Heading(verdict.title, f"claim-{claim}", 3),
        Paragraph(f"“{verdict.quote}” **{verdict.verdict.capitalize()}.** {literal(verdict.sentence)}"),
        Bullets(tuple(entries)),
    ]


def _numbers(verdict: VerdictRecord) -> list[str]:
    entries = []
    if verdict.effect is not None:
        interval = effect_interval(verdict.low, verdict.high, verdict.unit)
        known = "" if interval == NONE else f" ({interval})"
        entries.append(f"**Effect.** {effect(verdict.effect, verdict.unit)}{known}")
    if verdict.p is not None:
        over_all = p_value(verdict.p_over_all_claims)
        entries.append(f"**p.** {p_value(verdict.p)} ({literal(verdict.test)}); over all claims together {over_all}")
    elif verdict.test:
        entries.append(f"**p.** None: {literal(verdict.test)}")
    return entries
