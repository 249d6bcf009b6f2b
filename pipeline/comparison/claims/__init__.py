"""One file per claim, found by its name; its `CLAIM` says what is claimed, and the rule that decides it.

A claim is a question of its own: its tests are corrected together, those of different claims are not. What Holm's
correction over all claims would leave is shown beside each verdict (`judge_all`).
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, cast

from pipeline.project.numbers import decimals
from pipeline.results.verdicts import VerdictRecord, Verdicts
from pipeline.statistics.paired import holm

if TYPE_CHECKING:
    from pipeline.comparison.claim import Claim, Verdict
    from pipeline.comparison.evidence import Evidence


def names() -> list[str]:
    """Return the ids of all claims, the study's question first, the others sorted."""
    found = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted(found, key=lambda name: (not by_name(name).is_the_question, name))


def by_name(name: str) -> Claim:
    """Return the claim of that id."""
    return cast("Claim", importlib.import_module(f"{__name__}.{name}").CLAIM)


def judge_all(evidence: Evidence) -> Verdicts:
    """Judge every claim; numbers are rounded to six decimals."""
    verdicts = {name: by_name(name).judge(evidence) for name in names()}
    tested = {name: verdict.p for name, verdict in verdicts.items() if verdict.p is not None}
    over_all = dict(zip(tested, holm(list(tested.values())).tolist(), strict=True))
    return Verdicts(
        claims={name: _record(by_name(name), verdict, over_all.get(name)) for name, verdict in verdicts.items()}
    )


def _record(claim: Claim, verdict: Verdict, p_over_all_claims: float | None) -> VerdictRecord:
    return VerdictRecord(
        verdict=str(verdict.kind),
        effect=decimals(verdict.effect),
        unit=verdict.unit,
        low=decimals(verdict.low),
        high=decimals(verdict.high),
        p=decimals(verdict.p),
        problems=verdict.problems,
        sentence=verdict.sentence,
        test=verdict.test,
        rule=claim.rule,
        what_would_change_it=verdict.what_would_change_it,
        title=claim.title,
        quote=claim.quote,
        needs=claim.needs,
        p_over_all_claims=decimals(p_over_all_claims),
    )
