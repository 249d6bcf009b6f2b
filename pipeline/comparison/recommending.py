"""Which optimizer to use after how many trials: from the searches and the final trainings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.comparison import searches
from pipeline.comparison.measures import TEST_ACCURACY, VALIDATION_ACCURACY, on_problem
from pipeline.comparison.pairs import NOT_TESTED, Pair, Side, compare_family
from pipeline.project.numbers import significant
from pipeline.results.recommendations import Budget, Candidate, Choice, ProblemRecommendation, Recommendations
from pipeline.settings.spaces import LEARNING_RATE
from pipeline.statistics.paired import holm
from pipeline.statistics.search_curves import chance_of_best

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.results.recommendations import Standing
    from pipeline.settings.spaces import Space

    Vector = NDArray[np.float64]

_CONFIDENCE = 0.95
# the order in which a problem's optimizers are listed
_STANDINGS: tuple[Standing, ...] = ("best", "better", "no meaningful difference", "inconclusive", "worse")
# what was searched on another problem loses nothing here that anybody knows
_NOTHING_LOST = np.zeros(1)


def recommendations(
    evidence: Evidence, spaces: Mapping[str, Mapping[str, Space]], tuned_on: Mapping[str, str | None]
) -> Recommendations:
    """Recommend an optimizer for each problem and each number of trials, from 1 to the longest search.

    **The whole search** is what the study repeats with fresh seeds: what to expect is the mean of their picks. The best
    has the best mean on validation examples; the cheaper step decides between equals. The others are compared with it
    by the study's own test, on test examples: one family (max-T), the problem's margin.

    **Fewer trials** are drawn at random from the points of the search, each at most once; the best of them is kept
    (Dodge et al. 2019, EMNLP, section 3; without replacement as in Tang et al. 2020, ACL). What they give is
    ``m − (v_best − E[best of k])``: m is the mean of the fresh seeds, so that no lucky seed of the search raises the
    level; the loss behind it comes from the search, v being its results. These have one seed each, so a difference is
    held against the spread of paired differences of single seeds: a t test with the standard error ``s √(1 + 1/n)``,
    corrected by Holm's method over all comparisons with the best.

    The range holds what 19 of 20 such searches give: the luck of the points that are drawn (their central 95 %),
    widened by that of one seed (Student's t prediction interval of the fresh seeds). What diverged counts as worst.

    Parameters
    ----------
    evidence
        What was measured, searched, compared and timed, and the names for people.
    spaces
        By optimizer, what its row lets the search vary.
    tuned_on
        By problem, the problem whose search it repeats; None for a search of its own. A problem without any search
        is left out.
    """
    return Recommendations(
        problems={
            problem: _Problem.of(evidence, spaces, problem, tuned_on.get(problem)).recommendation()
            for problem, entries in evidence.metrics.problems.items()
            if any(found.search.trials for found in entries.values())
        }
    )


class _Contrast(NamedTuple):
    """How an optimizer stands beside the best one; `corrected_p` is None where the two could not be tested."""

    standing: Standing
    corrected_p: float | None


@dataclass(frozen=True)
class _Contender:
    """An optimizer that may be recommended. Results are merits: accuracies, or losses with their sign turned.

    `lost` is how far each point of the search lies behind its best one, ascending, at most 0, float64 (trials,);
    `final` the merit of each seed's pick, float64 (seeds,).
    """

    name: str
    lost: Vector
    final: Vector
    step_ratio: float

    def expected(self, trials: int) -> float:
        """Return the expected merit after so many trials."""
        return float(self.final.mean() + chance_of_best(self.lost.size, trials) @ self.lost)

    def bounds(self, trials: int) -> tuple[float, float] | None:
        """Return between which merits 19 of 20 searches end, None where a single seed tells no spread."""
        if self.final.size < 2:
            return None
        reached = np.cumsum(chance_of_best(self.lost.size, trials))
        tail = (1 - _CONFIDENCE) / 2
        low, high = (self.lost[np.searchsorted(reached, share)] for share in (tail, 1 - tail))
        reach = _t(1 - tail, self.final.size - 1) * _error_of_one(self.final)
        return float(self.final.mean() + low - reach), float(self.final.mean() + high + reach)


@dataclass(frozen=True)
class _Problem:
    """One problem; `measure` is what its optimizers are chosen by, on validation examples."""

    evidence: Evidence
    name: str
    measure: Measure
    tuned_on: str | None
    candidates: dict[str, Candidate]
    contenders: tuple[_Contender, ...]

    @classmethod
    def of(
        cls, evidence: Evidence, spaces: Mapping[str, Mapping[str, Space]], name: str, tuned_on: str | None
    ) -> _Problem:
        """Collect who may be recommended, and why the others may not."""
        measure = on_problem(VALIDATION_ACCURACY, evidence, name)
        scores, sign = evidence.scores(measure, name), 1 if measure.higher_is_better else -1
        candidates, contenders = {}, []
        for optimizer, found in evidence.metrics.problems[name].items():
            lost = _NOTHING_LOST if tuned_on else _lost(evidence, name, optimizer)
            left_out = evidence.twins(name).get(optimizer) or _unknown(measure, optimizer in scores, lost)
            candidate = _candidate(evidence, name, optimizer, found, spaces[optimizer], left_out)
            candidates[optimizer] = candidate
            if left_out is None and lost is not None:
                ratio = math.inf if candidate.step_ratio is None else candidate.step_ratio
                contenders.append(_Contender(optimizer, lost, sign * scores[optimizer], ratio))
        return cls(evidence, name, measure, tuned_on, candidates, tuple(contenders))

    def recommendation(self) -> ProblemRecommendation:
        """Return what is written of the problem."""
        most = max((self.candidates[one.name].trials for one in self.contenders), default=0)
        fewer = range(1, most if self.tuned_on is None else 1)
        whole = [self._budget(most, whole=True)] if most else []
        return ProblemRecommendation(
            title=self.evidence.title(self.name),
            measure="accuracy" if self.measure.higher_is_better else "loss",
            tuned_on=self.tuned_on,
            candidates=self.candidates,
            budgets=(*(self._budget(trials, whole=False) for trials in fewer), *whole),
        )

    def _budget(self, trials: int, *, whole: bool) -> Budget:
        best = max(self.contenders, key=lambda one: (round(one.expected(trials), 6), -one.step_ratio))
        others = [one for one in self.contenders if one is not best]
        contrasts = self._tested(others, best) if whole else self._of_one_seed(others, best, trials)
        beside = [self._choice(one, trials, found) for one, found in zip(others, contrasts, strict=True)]
        choices = sorted([self._choice(best, trials, _Contrast("best", None)), *beside], key=self._place)
        return Budget(trials=trials, whole_search=whole, choices=tuple(choices))

    def _tested(self, others: Sequence[_Contender], best: _Contender) -> list[_Contrast]:
        """Compare with the best as the study compares, on test examples."""
        leader = Side(self.name, (best.name,))
        pairs = [Pair(TEST_ACCURACY, Side(self.name, (one.name,)), leader) for one in others]
        tested = compare_family(self.evidence, pairs) if pairs else []
        return [
            _Contrast("inconclusive", None)
            if found.outcome == NOT_TESTED
            else _Contrast(_standing(found.outcome), found.corrected)
            for found in tested
        ]

    def _of_one_seed(self, others: Sequence[_Contender], best: _Contender, trials: int) -> list[_Contrast]:
        """Hold differences of two expectations, which rest on one seed each, against the spread over seeds."""
        if best.final.size < 2:
            return [_Contrast("inconclusive", None)] * len(others)
        freedom = best.final.size - 1
        behind = [best.expected(trials) - one.expected(trials) for one in others]
        spreads = [_error_of_one(one.final - best.final) for one in others]
        corrected = holm([_p(size, spread, freedom) for size, spread in zip(behind, spreads, strict=True)]).tolist()
        reach = _t(1 - self.evidence.settings.alpha, freedom)
        most = [size + reach * spread for size, spread in zip(behind, spreads, strict=True)]
        return [_Contrast(self._concluded(upper, p), p) for upper, p in zip(most, corrected, strict=True)]

    def _concluded(self, upper: float, p: float) -> Standing:
        """Return the standing of one that is behind, by `upper` at most."""
        if upper < self.measure.margin_on(self.name, self.evidence):
            return "no meaningful difference"
        return "worse" if p <= self.evidence.settings.alpha else "inconclusive"

    def _choice(self, one: _Contender, trials: int, contrast: _Contrast) -> Choice:
        bounds = one.bounds(trials)
        shown = sorted(self._shown(merit) for merit in bounds) if bounds else (None, None)
        return Choice(
            optimizer=one.name,
            standing=contrast.standing,
            expected=self._shown(one.expected(trials)),
            low=shown[0],
            high=shown[1],
            corrected_p=significant(contrast.corrected_p, 4),
        )

    def _shown(self, merit: float) -> float:
        """Return a merit as what it stands for: a fraction, or a loss of at least 0."""
        if self.measure.higher_is_better:
            return round(min(1.0, max(0.0, merit)), 6)
        return round(max(0.0, -merit), 6)

    def _place(self, choice: Choice) -> tuple[int, float, float]:
        """Return what a choice is sorted by: its standing, its result, its cost."""
        cost = self.candidates[choice.optimizer].step_ratio
        merit = choice.expected if self.measure.higher_is_better else -choice.expected
        return _STANDINGS.index(choice.standing), -merit, math.inf if cost is None else cost


def _standing(outcome: str) -> Standing:
    return next(standing for standing in _STANDINGS if standing == outcome)


def _lost(evidence: Evidence, problem: str, optimizer: str) -> Vector | None:
    """Return how far each point of a search lies behind its best one, ascending."""
    found = searches.merits(evidence, problem, optimizer)
    return None if found is None else np.sort(found) - found.max()


def _unknown(measure: Measure, measured: bool, lost: Vector | None) -> str | None:
    """Say what is not known of an optimizer, or return None."""
    if not measured:
        return f"its {measure.title} was not measured"
    return "its search is not in the results, or every trial diverged" if lost is None else None


def _candidate(
    evidence: Evidence,
    problem: str,
    optimizer: str,
    found: OptimizerMetrics,
    spaces: Mapping[str, Space],
    left_out: str | None,
) -> Candidate:
    search, setting = found.search, found.search.usual_setting
    time = evidence.step_time(problem, optimizer)
    cost = evidence.cost.optimizers.get(optimizer) if evidence.cost else None
    return Candidate(
        label=evidence.label(optimizer),
        learning_rate=setting.learning_rate,
        arguments=setting.arguments,
        picked=search.picked.count(search.most_picked),
        seeds=len(search.picked),
        search=_ranges(spaces, search.widened),
        on_border=evidence.on_border(problem, optimizer),
        trials=search.trials,
        step_ratio=time.ratio.median if time else None,
        state_bytes_per_parameter=cost.state_bytes_per_parameter if cost else None,
        left_out=left_out,
    )


def _ranges(spaces: Mapping[str, Space], widened: str | None) -> dict[str, tuple[float, float]]:
    """Return between which values each argument was searched: the rate up to a decade farther where it was widened."""
    found = {name: (space.at(0), space.at(1)) for name, space in spaces.items()}
    if widened:
        rate = spaces[LEARNING_RATE]
        decade, (low, high) = 1 / (rate.decades or 1), found[LEARNING_RATE]
        found[LEARNING_RATE] = (rate.at(-decade), high) if widened == "low" else (low, rate.at(1 + decade))
    return found


def _p(size: float, spread: float, freedom: int) -> float:
    """Return the two-sided p of a difference whose standard error is `spread`."""
    from scipy import stats

    return float(2 * stats.t.sf(abs(size) / spread, freedom)) if spread else float(size == 0)


def _error_of_one(values: Vector) -> float:
    """Return the standard error with which one more value is foretold from these."""
    return float(values.std(ddof=1) * np.sqrt(1 + 1 / values.size))


def _t(share: float, freedom: int) -> float:
    from scipy import stats

    return float(stats.t.ppf(share, freedom))
