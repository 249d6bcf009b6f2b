"""The assignment's claims, each with its verdict and the numbers behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.reporting.items import Bullets, Heading, Item, Paragraph, Table
from pipeline.reporting.verdict_numbers import effect, effect_with_interval, p_value

if TYPE_CHECKING:
    from pipeline.reporting.results import Results


def build(results: Results) -> list[Item]:
    """Return the section: a table of all claims, then the evidence of each; nothing without verdicts."""
    if not results.verdicts:
        return []
    items: list[Item] = [
        Heading("The claims of the assignment", "verdicts"),
        Paragraph(_introduction(results)),
        _table(results.verdicts),
    ]
    for claim, verdict in results.verdicts.items():
        items += _claim(results, claim, verdict)
    return items


def _introduction(results: Results) -> str:
    alpha = results.comparison["settings"]["alpha"]
    return (
        "Every rule below was written before the numbers, with its margins in `params.yaml` (`comparison`). A verdict "
        "is one of five: **supported**, **refuted**, **no meaningful difference** (shown to be smaller than a margin "
        "that was fixed beforehand), **inconclusive** (too few seeds to tell) and **not tested** (what the claim needs "
        "was not measured). A p is that of an exact test on runs paired by seed, corrected for the other tests of its "
        f"claim as stated beside it, and is held against {alpha:g}. Each claim is an announced question of its own, so "
        "verdicts are not corrected for each other; what Holm's correction over all claims would leave stands beside "
        "each p."
    )


def _table(verdicts: dict[str, Any]) -> Table:
    rows = tuple(
        (
            f"[{verdict['title']}](#claim-{claim})",
            f"**{verdict['verdict']}**",
            effect(verdict),
            p_value(verdict["p"]),
        )
        for claim, verdict in verdicts.items()
    )
    return Table(("claim", "verdict", "effect", "p"), rows, "llrr", "All claims; each links to its evidence.")


def _claim(results: Results, claim: str, verdict: dict[str, Any]) -> list[Item]:
    entries = [f"**Rule, fixed beforehand.** {verdict['rule']}"]
    if verdict["effect"] is not None:
        entries.insert(0, f"**Effect.** {effect_with_interval(verdict)}")
    if verdict["p"] is not None:
        entries.insert(
            1,
            f"**p.** {p_value(verdict['p'])} ({verdict['test']}); over all claims together "
            f"{p_value(verdict['p_over_all_claims'])}",
        )
    elif verdict["test"]:
        entries.insert(1, f"**p.** None: {verdict['test']}")
    if verdict["problems"]:
        entries.append(f"**Problems.** {', '.join(results.title(problem) for problem in verdict['problems'])}")
    entries.append(f"**What would change it.** {verdict['what_would_change_it']}")
    return [
        Heading(verdict["title"], f"claim-{claim}", 3),
        Paragraph(f"“{verdict['quote']}” **{verdict['verdict'].capitalize()}.** {verdict['sentence']}"),
        Bullets(tuple(entries)),
    ]
