"""One file a claim, found by its name.

A claim file defines

``ID``
    its file name,
``TITLE``
    a name for people,
``QUOTE``
    the sentence of the assignment,
``RULE``
    the decision rule in plain words, written before the numbers,
``NEEDS``
    the evidence it asks for,
``judge(evidence: Evidence) -> Verdict``
    the verdict; "not tested" where what it needs is absent.

A claim is an announced question of its own: its tests are corrected together, those of different claims are not.
What Holm's correction over all claims would leave is told beside each verdict (`judge_all`).
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

from pipeline.project.numbers import decimals
from pipeline.results.verdicts import VerdictRecord, Verdicts
from pipeline.statistics.paired import holm

if TYPE_CHECKING:
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.verdict import Verdict

_QUESTION = "adam_always_best"


class Claim(Protocol):
    """What a claim file offers."""

    ID: str
    TITLE: str
    QUOTE: str
    RULE: str
    NEEDS: tuple[str, ...]

    def judge(self, evidence: Evidence) -> Verdict:
        """Judge the claim."""


def names() -> list[str]:
    """Return the ids of all claims, the study's question first, the others sorted."""
    found = {module.name for module in pkgutil.iter_modules(__path__)}
    return sorted(found, key=lambda name: (name != _QUESTION, name))


def by_name(name: str) -> Claim:
    """Return the claim of that id.

    Raises
    ------
    ModuleNotFoundError
        Where there is no such file.
    """
    return cast(Claim, importlib.import_module(f"{__name__}.{name}"))


def judge_all(evidence: Evidence) -> Verdicts:
    """Judge every claim.

    Returns
    -------
    Verdicts
        Numbers rounded to six decimals; ``p_over_all_claims`` is Holm's over the p of all claims that have one.
    """
    claims = {name: by_name(name) for name in names()}
    verdicts = {name: claim.judge(evidence) for name, claim in claims.items()}
    tested = {name: verdict.p for name, verdict in verdicts.items() if verdict.p is not None}
    over_all = dict(zip(tested, holm(list(tested.values())).tolist(), strict=True))
    return Verdicts(claims={name: _record(claim, verdicts[name], over_all.get(name)) for name, claim in claims.items()})


def _record(claim: Claim, verdict: Verdict, over_all: float | None) -> VerdictRecord:
    return VerdictRecord(
        verdict=str(verdict.outcome),
        effect=decimals(verdict.effect),
        unit=verdict.unit,
        low=decimals(verdict.low),
        high=decimals(verdict.high),
        p=decimals(verdict.p),
        problems=verdict.problems,
        sentence=verdict.sentence,
        test=verdict.test,
        rule=verdict.rule,
        what_would_change_it=verdict.what_would_change_it,
        title=claim.TITLE,
        quote=claim.QUOTE,
        needs=claim.NEEDS,
        p_over_all_claims=decimals(over_all),
    )
