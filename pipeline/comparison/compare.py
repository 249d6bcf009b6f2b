"""Every optimizer against the baseline, ranks, and what the searches show: the study's numbers compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import equal_seconds, rankings, searches
from pipeline.comparison.measures import families_of
from pipeline.comparison.pairs import Pair, Side, compare_family
from pipeline.project.numbers import decimals
from pipeline.results.comparison import Comparison, Difference, ProblemComparison, Rules
from pipeline.statistics.paired import probability_of_improvement

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.comparison.pairs import Tested


def compare(evidence: Evidence, curves: pd.DataFrame) -> Comparison:
    """Compare the optimizers of every problem; numbers are rounded to six decimals, the same for the same input.

    Parameters
    ----------
    evidence
        What the study found.
    curves
        ``results/training_curves.csv``.

    Returns
    -------
    Comparison
        Of each problem every optimizer against the baseline by every measure (one family by measure, max-T; intervals
        at ``1 − alpha``), the ranking, the searches, and what each had reached at equal seconds.
    """
    problems = {
        problem: ProblemComparison(
            against_baseline=_against_baseline(evidence, problem),
            ranking=rankings.of_problem(evidence, problem),
            searches=searches.of_problem(evidence, problem),
            at_equal_seconds=equal_seconds.of_problem(evidence, problem, curves),
        )
        for problem in evidence.problems
    }
    return Comparison(
        settings=Rules.model_validate(evidence.settings.model_dump()),
        problems=problems,
        ranking=rankings.over_problems(evidence, problems),
    )


def _against_baseline(evidence: Evidence, problem: str) -> dict[str, dict[str, Difference]]:
    baseline = Side(problem, (evidence.settings.baseline,))
    others = [Side(problem, (name,)) for name in evidence.metrics.problems[problem] if name not in baseline.optimizers]
    table: dict[str, dict[str, Difference]] = {}
    for family in families_of(evidence, problem):
        tested = compare_family(evidence, [Pair(measure, side, baseline) for measure in family for side in others])
        for found in tested:
            own = table.setdefault(found.measure.name, {})
            own[found.pair.a.optimizers[0]] = _difference(found, evidence)
    return {name: own for name, own in table.items() if any(found.pairs for found in own.values())}


def _difference(found: Tested, evidence: Evidence) -> Difference:
    measure, interval = found.measure, found.interval
    if found.reason:
        nothing = dict.fromkeys(
            ("difference", "low", "high", "margin", "p", "corrected_p", "probability_of_improvement")
        )
        return Difference(
            **nothing, unit=measure.unit, outcome=found.outcome, pairs=0, method=None, reason=found.reason
        )
    return Difference(
        difference=decimals(measure.shown(interval.estimate)),
        low=decimals(measure.shown(interval.low)),
        high=decimals(measure.shown(interval.high)),
        unit=measure.unit,
        margin=decimals(measure.shown(found.margin)),
        p=decimals(found.alone),
        corrected_p=decimals(found.corrected),
        probability_of_improvement=decimals(_improvement(found, measure, evidence)),
        outcome=found.outcome,
        pairs=found.pairs,
        method=interval.method,
        reason=found.obstacle or None,
    )


def _improvement(found: Tested, measure: Measure, evidence: Evidence) -> float | None:
    scores = evidence.scores(measure, found.pair.problem)
    a, b = (scores[side.optimizers[0]] for side in (found.pair.a, found.pair.b))
    known = [values[values == values] for values in (a, b)]
    return probability_of_improvement(*known, higher_is_better=measure.higher_is_better)
