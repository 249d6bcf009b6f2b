"""Who comes first on a problem, who is not told apart from whom, and mean ranks over problems."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from pipeline.comparison.measures import TEST_ACCURACY, on_problem
from pipeline.comparison.pairs import BETTER, Pair, Side, compare_family
from pipeline.project.numbers import decimals
from pipeline.results.comparison import Placed, Ranking, RankingOverProblems
from pipeline.statistics.intervals import mean_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.results.comparison import ProblemComparison


def of_problem(evidence: Evidence, problem: str) -> Ranking:
    """Rank a problem's optimizers by the mean of its measure on the test examples.

    The best one opens the first group; the next one that it is better than (all pairs as one family, max-T, any
    difference) opens the second, and so on.
    """
    measure = on_problem(TEST_ACCURACY, evidence, problem)
    scores, left_out = evidence.scores(measure, problem), evidence.twins(problem)
    names = [name for name in scores if name not in left_out]
    sign = 1 if measure.higher_is_better else -1
    ordered = sorted(names, key=lambda name: -sign * float(scores[name].mean()))
    groups = _groups(evidence, problem, ordered)
    margin = measure.margin_on(problem, evidence)
    placed = {}
    for name in ordered:
        interval = mean_interval(scores[name])
        low, high = (_within(bound, measure) for bound in (interval.low, interval.high))
        behind = sign * float(scores[ordered[0]].mean() - scores[name].mean()) / margin
        placed[name] = Placed(
            mean=decimals(interval.estimate),
            low=decimals(low),
            high=decimals(high),
            group=groups[name],
            behind=round(behind, 6),
        )
    return Ranking(placed=placed, left_out=left_out)


def _within(bound: float | None, measure: Measure) -> float | None:
    """Cut an interval off where no accuracy can be; of few seeds, Student's reaches beyond."""
    return bound if bound is None or measure.unit != "percentage points" else min(max(bound, 0.0), 1.0)


def _groups(evidence: Evidence, problem: str, ordered: Sequence[str]) -> dict[str, int]:
    pairs = [
        Pair(TEST_ACCURACY, Side(problem, (better,)), Side(problem, (other,)), 0.0)
        for better, other in combinations(ordered, 2)
    ]
    told_apart = {
        (found.pair.a.optimizers[0], found.pair.b.optimizers[0])
        for found in (compare_family(evidence, pairs) if pairs else [])
        if found.outcome == BETTER
    }
    groups, leader, number = {}, "", 0
    for name in ordered:
        if not leader or (leader, name) in told_apart:
            leader, number = name, number + 1
        groups[name] = number
    return groups


def over_problems(evidence: Evidence, problems: Mapping[str, ProblemComparison]) -> RankingOverProblems:
    """Rank the optimizers by their mean places on the problems that all took part in."""
    places: dict[str, list[float]] = {}
    for problem in evidence.complete_problems:
        for place, name in enumerate(problems[problem].ranking.placed, start=1):
            places.setdefault(name, []).append(place)
    means = {name: float(np.mean(own)) for name, own in places.items()}
    ordered = sorted(means, key=lambda name: means[name])
    return RankingOverProblems(
        ranks={name: round(means[name], 6) for name in ordered},
        blocks={name: len(places[name]) for name in ordered},
        problems=evidence.complete_problems,
    )
