"""One file per claim, found by its name; its `CLAIM` says what is claimed, and the rule that decides it.

A claim is a question of its own: its tests are corrected together, those of different claims are not.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, cast

from pipeline.comparison.decisions import METHOD
from pipeline.results.verdicts import Verdicts

if TYPE_CHECKING:
    from pipeline.comparison.claim import Claim
    from pipeline.comparison.evidence import Evidence


def names() -> list[str]:
    """Return the ids of all claims, the study's question first, the others sorted."""
    found = [module.name for module in pkgutil.iter_modules(__path__)]
    return sorted(found, key=lambda name: (not by_name(name).is_the_question, name))


def by_name(name: str) -> Claim:
    """Return the claim of that id."""
    return cast("Claim", importlib.import_module(f"{__name__}.{name}").CLAIM)


def judge_all(evidence: Evidence) -> Verdicts:
    """Judge every claim."""
    return Verdicts(method=METHOD, claims={name: by_name(name).judge(evidence) for name in names()})
