"""What the searches show: what a budget of trials buys, and how much depends on the setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.comparison.measures import GOOD_SETTINGS, ONE_TRIAL, on_problem
from pipeline.project.numbers import decimals
from pipeline.results.comparison import SearchSummary
from pipeline.statistics.search_curves import expected_best

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.comparison.evidence import Evidence

# how far from the best rate a rate is called a decade off
_NEAREST, _FARTHEST = 0.5, 1.5


def of_problem(evidence: Evidence, problem: str) -> dict[str, SearchSummary]:
    """Describe the searches on a problem, by optimizer; one that was not searched is left out."""
    names = evidence.metrics.problems[problem]
    return {name: found for name in names if (found := _describe(evidence, problem, name))}


def merits(evidence: Evidence, problem: str, optimizer: str) -> NDArray[np.float64] | None:
    """Return what each trial of a search is worth, higher is better: its accuracy, or its loss with the sign turned.

    On validation examples, without the default setting, float64 (trials,). A trial that diverged is worth the worst
    value, or the worst that was found if that is worse. None where nothing was searched, or every trial diverged.
    """
    measure = on_problem(ONE_TRIAL, evidence, problem)
    sign = 1 if measure.higher_is_better else -1
    trials = evidence.trials(problem, optimizer)
    found = sign * evidence.results_of(trials[trials["number"].notna()], problem)
    known = found[np.isfinite(found)]
    if not known.size:
        return None
    worst = sign * (measure.worst(evidence, problem) if measure.worst else 0.0)
    filled: NDArray[np.float64] = np.where(np.isfinite(found), found, min(worst, float(known.min())))
    return filled


def _describe(evidence: Evidence, problem: str, optimizer: str) -> SearchSummary | None:
    filled = merits(evidence, problem, optimizer)
    if filled is None:
        return None
    sign = -1 if evidence.by_loss(problem) else 1
    trials = evidence.trials(problem, optimizer)
    searched = trials["number"].notna()
    rates = trials.loc[searched, "learning_rate"].to_numpy(dtype=np.float64)
    default = evidence.results_of(trials[~searched], problem)
    good = GOOD_SETTINGS.values(evidence, problem, optimizer)
    off = np.abs(np.log10(rates / rates[int(filled.argmax())]))
    away = filled[(off >= _NEAREST) & (off <= _FARTHEST)]
    return SearchSummary(
        trials=len(filled),
        expected_best=tuple(round(value, 6) for value in (sign * expected_best(filled, len(filled))).tolist()),
        default=decimals(default[0]) if default.size else None,
        good_settings=decimals(float(np.mean(np.array(good, dtype=np.float64)))) if good else None,
        decade_off=decimals(sign * float(away.mean())) if away.size else None,
    )
