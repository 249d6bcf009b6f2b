"""Who comes first on a problem, who is not told apart from whom, and what holds over all problems."""

from __future__ import annotations

import math
from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from pipeline.comparison.measures import SECONDS_TO_LOSS, TEST_ACCURACY, on_problem
from pipeline.comparison.pairs import BETTER, Pair, Side, compare_family
from pipeline.project.numbers import decimals
from pipeline.results.comparison import InterquartileMean, Placed, Ranking, RankingOverProblems
from pipeline.statistics.aggregates import interquartile_mean
from pipeline.statistics.intervals import mean_interval
from pipeline.statistics.ranks import rank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.results.comparison import ProblemComparison

    Vector = NDArray[np.float64]

_SEED = 0  # of the bootstrap


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
    """Rank the optimizers by their mean places on the problems that all took part in, and aggregate their scores."""
    complete = evidence.complete_problems
    places: dict[str, list[float]] = {}
    for problem in complete:
        for place, name in enumerate(problems[problem].ranking.placed, start=1):
            places.setdefault(name, []).append(place)
    means = {name: float(np.mean(own)) for name, own in places.items()}
    ordered = sorted(means, key=lambda name: means[name])
    everywhere = [name for name in ordered if len(places[name]) == len(complete)]
    behind = [[-problems[problem].ranking.placed[name].behind for name in everywhere] for problem in complete]
    tested = rank(everywhere, np.array(behind), evidence.settings.alpha)
    return RankingOverProblems(
        ranks={name: round(means[name], 6) for name in ordered},
        blocks={name: len(places[name]) for name in ordered},
        problems=complete,
        tested=tuple(everywhere) if tested else (),
        p=decimals(tested.p) if tested else None,
        critical_difference=decimals(tested.critical_difference) if tested else None,
        interquartile_means=_interquartile_means(evidence, ordered),
        slowdowns=_slowdowns(evidence, ordered),
    )


def _interquartile_means(evidence: Evidence, names: Sequence[str]) -> dict[str, InterquartileMean]:
    scores = {problem: _normalized(evidence, problem) for problem in evidence.complete_problems}
    found = {}
    for name in names:
        own = [table[name] for table in scores.values() if name in table]
        # the same generator for all: optimizers are paired by seed, and so are their bootstrap samples
        interval = interquartile_mean(own, np.random.default_rng(_SEED))
        found[name] = InterquartileMean(
            mean=round(interval.estimate, 6), low=decimals(interval.low), high=decimals(interval.high)
        )
    return dict(sorted(found.items(), key=lambda item: -item[1].mean))


def _normalized(evidence: Evidence, problem: str) -> dict[str, Vector]:
    """Return the scores of those that are ranked, 0 for guessing and 1 for the best mean."""
    measure, left_out = on_problem(TEST_ACCURACY, evidence, problem), evidence.twins(problem)
    scores = {name: own for name, own in evidence.scores(measure, problem).items() if name not in left_out}
    loss = evidence.loss_of_guessing(problem)
    sign, guessing = (1, math.exp(-loss)) if measure.higher_is_better else (-1, loss)
    gains = {name: sign * (own - guessing) for name, own in scores.items()}
    best = max((float(own.mean()) for own in gains.values()), default=1.0)
    # where nobody is better than guessing there is no scale
    return {name: own / (best if best > 0 else 1.0) for name, own in gains.items()}


def _slowdowns(evidence: Evidence, names: Sequence[str]) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {name: {} for name in names}
    for problem in evidence.complete_problems:
        seconds = _seconds(evidence, problem)
        least = min(seconds.values(), default=math.inf)
        for name, own in seconds.items():
            found[name][problem] = decimals(own / least) if math.isfinite(own) else None
    return {name: own for name, own in found.items() if own}


def _seconds(evidence: Evidence, problem: str) -> dict[str, float]:
    """Return the median seconds to the hardest training loss that somebody reached, infinite where half missed it."""
    left_out = evidence.twins(problem)
    for measure in reversed(SECONDS_TO_LOSS):
        values = {name: measure.values(evidence, problem, name) for name in evidence.metrics.problems[problem]}
        medians = {
            name: median(math.inf if value is None else value for value in own)
            for name, own in values.items()
            if own and name not in left_out
        }
        if any(map(math.isfinite, medians.values())):
            return medians
    return {}
