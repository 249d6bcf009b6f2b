"""Which optimizer to use after how many trials: from the searches and the final trainings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from pipeline.comparison.measures import TEST_ACCURACY, TEST_LOSS
from pipeline.comparison.pairs import ALIKE, Pair, Side, compare_family
from pipeline.project.numbers import significant
from pipeline.project.wording import counted
from pipeline.results.recommendations import Budget, Candidate, Choice, ProblemRecommendation, Recommendations
from pipeline.statistics.paired import holm
from pipeline.statistics.search_curves import chance_of_best

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.comparison.evidence import Evidence
    from pipeline.results.metrics import OptimizerMetrics, OverSeeds
    from pipeline.results.recommendations import Standing

_CONFIDENCE = 0.95
# the order in which a problem's optimizers are listed
_STANDINGS: tuple[Standing, ...] = ("best", "better", "no meaningful difference", "inconclusive", "worse")


def recommendations(
    evidence: Evidence, learning_rates: pd.DataFrame, tuned_on: Mapping[str, str | None]
) -> Recommendations:
    """Recommend an optimizer for each problem and each number of trials, from 1 to the longest search.

    A trial is one learning rate of the grid that the study searched, drawn at random and never twice, with one seed;
    the best of the trials is kept. (Dodge et al. 2019, EMNLP, section 3, without replacement as in Tang et al. 2020,
    ACL.) What such a search gives is ``m − (v_best − E[best of k])``: m is the mean of the final trainings' fresh seeds
    at the best rate, so that no lucky seed raises the level; the loss behind it comes from the search, v being its
    scores. The interval holds what 19 of 20 such searches give: the luck of the rates that are drawn (their central
    95 %), widened by that of one seed (Student's t prediction interval of the fresh seeds). An accuracy after
    divergence counts as 0, a loss as the worst that any trial on the problem had.

    The best has the best expectation; the cheaper step decides between equals. Who is worse is found by Holm's
    correction over all comparisons with the best. Once both searches have ended, each comparison is the study's own
    paired test with its margin, on test examples. Before that, the search's single seed limits what can be said: the
    difference of the two expectations is held against the spread of paired differences of single seeds (a t test with
    the standard error ``s √(1 + 1/n)``).

    Parameters
    ----------
    evidence
        What was measured, compared and timed, and the names for people.
    learning_rates
        The table ``results/learning_rates.csv``: every trial.
    tuned_on
        By problem, the problem near whose best rate its search looked; None for a search of its own.
    """
    return Recommendations(
        problems={
            problem: _Problem.of(evidence, learning_rates, problem).recommendation(tuned_on.get(problem))
            for problem in evidence.problems
        }
    )


class _Trials(NamedTuple):
    """A search: learning rates, ascending, and the merit of each (higher is better), float64 (trials,)."""

    rates: NDArray[np.float64]
    merits: NDArray[np.float64]


class _Contrast(NamedTuple):
    """An optimizer beside the best one; `p` is None where the two could not be tested."""

    p: float | None
    alike: bool
    ahead: bool


@dataclass(frozen=True)
class _Contender:
    """An optimizer that may be recommended; `final` is the merit of each final training, float64 (seeds,)."""

    name: str
    ascending: NDArray[np.float64]
    final: NDArray[np.float64]
    step_ratio: float

    def finished(self, trials: int) -> bool:
        """Whether its search has ended by then."""
        return trials >= self.ascending.size

    def expected(self, trials: int) -> float:
        """Return the expected merit after so many trials."""
        return float(self._level + chance_of_best(self.ascending.size, trials) @ self.ascending)

    def bounds(self, trials: int) -> tuple[float, float] | None:
        """Return between which merits 19 of 20 searches end, None where a single seed tells no spread."""
        if self.final.size < 2:
            return None
        reached = np.cumsum(chance_of_best(self.ascending.size, trials))
        tail = (1 - _CONFIDENCE) / 2
        low, high = (self.ascending[np.searchsorted(reached, share)] for share in (tail, 1 - tail))
        reach = _t(1 - tail, self.final.size - 1) * _error_of_one(self.final)
        return float(self._level + low - reach), float(self._level + high + reach)

    @property
    def _level(self) -> float:
        """What is added to a merit of the search: its best rate is as good as the mean of the fresh seeds."""
        return float(self.final.mean() - self.ascending[-1])


@dataclass(frozen=True)
class _Problem:
    """One problem. Inside, results are merits: accuracies, or losses with their sign turned."""

    evidence: Evidence
    name: str
    by: Literal["accuracy", "loss"]
    candidates: dict[str, Candidate]
    contenders: tuple[_Contender, ...]

    @classmethod
    def of(cls, evidence: Evidence, learning_rates: pd.DataFrame, name: str) -> _Problem:
        """Collect who may be recommended, and why the others may not."""
        entries = evidence.metrics.problems[name]
        by = _measure(entries.values())
        here = learning_rates[learning_rates["problem"] == name]
        searches = _searches(here, list(entries), by)
        candidates = {
            optimizer: _candidate(evidence, optimizer, found, searches[optimizer], by)
            for optimizer, found in entries.items()
        }
        contenders = tuple(
            _Contender(
                optimizer,
                np.sort(searches[optimizer].merits),
                _sign(by) * np.array(_final(found, by), dtype=np.float64),
                math.inf if (ratio := candidates[optimizer].step_ratio) is None else ratio,
            )
            for optimizer, found in entries.items()
            if candidates[optimizer].left_out is None
        )
        return cls(evidence, name, by, candidates, contenders)

    def recommendation(self, tuned_on: str | None) -> ProblemRecommendation:
        """Return what is written of the problem."""
        most = max((one.ascending.size for one in self.contenders), default=0)
        return ProblemRecommendation(
            title=self.evidence.title(self.name),
            measure=self.by,
            tuned_on=tuned_on,
            candidates=self.candidates,
            budgets=tuple(self._budget(trials, whole=trials == most) for trials in range(1, most + 1)),
        )

    def _budget(self, trials: int, *, whole: bool) -> Budget:
        best = max(self.contenders, key=lambda one: (round(one.expected(trials), 6), -one.step_ratio))
        others = [one for one in self.contenders if one is not best]
        contrasts = [self._contrast(one, best, trials) for one in others]
        tested = iter(holm([contrast.p for contrast in contrasts if contrast.p is not None]).tolist())
        choices = [self._choice(best, trials, "best", None)]
        for one, contrast in zip(others, contrasts, strict=True):
            corrected = None if contrast.p is None else next(tested)
            choices.append(self._choice(one, trials, self._standing(contrast, corrected), corrected))
        choices.sort(key=self._place)
        return Budget(trials=trials, whole_search=whole, choices=tuple(choices))

    def _contrast(self, one: _Contender, best: _Contender, trials: int) -> _Contrast:
        if one.finished(trials) and best.finished(trials):
            measure = TEST_ACCURACY if self.by == "accuracy" else TEST_LOSS
            pair = Pair(measure, Side(self.name, (one.name,)), Side(self.name, (best.name,)))
            (found,) = compare_family(self.evidence, [pair])
            if found.reason:
                return _Contrast(None, alike=False, ahead=False)
            return _Contrast(found.alone, alike=found.outcome == ALIKE, ahead=found.size > 0)
        difference = one.expected(trials) - best.expected(trials)
        return _by_one_seed(difference, one.final, best.final, self._margin, self.evidence.settings.alpha)

    def _standing(self, contrast: _Contrast, corrected: float | None) -> Standing:
        if contrast.alike:
            return "no meaningful difference"
        if corrected is None or corrected > self.evidence.settings.alpha:
            return "inconclusive"
        return "better" if contrast.ahead else "worse"

    def _place(self, choice: Choice) -> tuple[int, float, float]:
        """Return what a choice is sorted by: its standing, its result, its cost."""
        cost = self.candidates[choice.optimizer].step_ratio
        merit = _sign(self.by) * choice.expected
        return _STANDINGS.index(choice.standing), -merit, math.inf if cost is None else cost

    @property
    def _margin(self) -> float:
        return self.evidence.settings.margin(self.by, self.name)

    def _choice(self, one: _Contender, trials: int, standing: Standing, corrected: float | None) -> Choice:
        bounds = one.bounds(trials)
        shown = sorted(self._shown(merit) for merit in bounds) if bounds else (None, None)
        return Choice(
            optimizer=one.name,
            standing=standing,
            expected=self._shown(one.expected(trials)),
            low=shown[0],
            high=shown[1],
            corrected_p=significant(corrected, 4),
        )

    def _shown(self, merit: float) -> float:
        """Return a merit as what it stands for: a fraction, or a loss of at least 0."""
        value = max(0.0, _sign(self.by) * merit)
        return round(min(1.0, value) if self.by == "accuracy" else value, 6)


def _sign(by: str) -> int:
    return 1 if by == "accuracy" else -1


def _measure(entries: Iterable[OptimizerMetrics]) -> Literal["accuracy", "loss"]:
    """Return what a problem goes by: its loss where the results say so or hold no accuracy."""
    found = list(entries)
    said = any(one.measure == "loss" for one in found)
    known = any(value is not None for one in found for value in _final(one, "accuracy"))
    return "accuracy" if known and not said else "loss"


def _final(found: OptimizerMetrics, by: str) -> tuple[float | None, ...]:
    """Return the final trainings' results on validation examples; a loss on test examples where there is none."""
    loss = found.validation_loss or found.test_loss
    quantity: OverSeeds | None = found.validation_accuracy if by == "accuracy" else loss
    return quantity.seeds if quantity else ()


def _searches(trials: pd.DataFrame, optimizers: Sequence[str], by: str) -> dict[str, _Trials]:
    """Return the search of each optimizer; one that is not in the table has no trials."""
    column = f"validation_{by}"
    merit = _sign(by) * trials[column].where(trials["diverged_at"].isna())
    ordered = trials.assign(merit=merit.fillna(0.0 if by == "accuracy" else merit.min())).sort_values("learning_rate")
    return {
        name: _Trials(*own[["learning_rate", "merit"]].to_numpy(dtype=np.float64).T)
        for name in optimizers
        for own in [ordered[ordered["optimizer"] == name]]
    }


def _candidate(evidence: Evidence, name: str, found: OptimizerMetrics, search: _Trials, by: str) -> Candidate:
    cost = evidence.cost.optimizers.get(name) if evidence.cost else None
    low, high = _good(search, getattr(evidence.settings.margins, "search" if by == "accuracy" else "search_loss"))
    return Candidate(
        label=evidence.label(name),
        learning_rate=found.learning_rate,
        search_from=None if low is None else float(search.rates[low]),
        search_to=None if high is None else float(search.rates[high]),
        open_low=low == 0,
        open_high=high == search.rates.size - 1,
        trials=search.rates.size,
        seeds=len(_final(found, by)),
        step_ratio=cost.step_ratio.median if cost else None,
        state_bytes_per_parameter=cost.state_bytes_per_parameter if cost else None,
        left_out=_left_out(found, search, by),
    )


def _good(search: _Trials, margin: float) -> tuple[int | None, int | None]:
    """Return the places of the first and last rate around the best that are within `margin` of it, without a gap."""
    if not search.rates.size or not np.isfinite(search.merits).any():
        return None, None
    best = int(np.argmax(search.merits))
    bad = np.flatnonzero(search.merits < search.merits[best] - margin)
    return int(max(bad[bad < best], default=-1)) + 1, int(min(bad[bad > best], default=search.rates.size)) - 1


def _left_out(found: OptimizerMetrics, search: _Trials, by: str) -> str | None:
    """Say why an optimizer cannot be recommended, or return None."""
    final = _final(found, by)
    if found.on_edge:
        return "its best learning rate lies on the edge of those tried: a better one may lie beyond"
    if found.diverged:
        return f"{found.diverged} of its {counted(len(final), 'final training')} diverged"
    if not final or None in final:
        return f"its validation {by} was not measured"
    known = search.rates.size and np.isfinite(search.merits).all()
    return None if known else "its search is not in the results"


def _by_one_seed(
    difference: float, one: NDArray[np.float64], best: NDArray[np.float64], margin: float, alpha: float
) -> _Contrast:
    """Hold a difference of two expectations, which rest on one seed each, against the spread over seeds."""
    pairs = min(one.size, best.size)
    if pairs < 2:
        return _Contrast(None, alike=False, ahead=False)
    from scipy import stats

    spread = _error_of_one(one[:pairs] - best[:pairs])
    reach = _t(1 - alpha, pairs - 1) * spread
    size = abs(difference)
    p = float(2 * stats.t.sf(size / spread, pairs - 1)) if spread else float(size == 0)
    return _Contrast(p, alike=size + reach < margin, ahead=difference > 0)


def _error_of_one(values: NDArray[np.float64]) -> float:
    """Return the standard error with which one more value is foretold from these."""
    return float(values.std(ddof=1) * np.sqrt(1 + 1 / values.size))


def _t(share: float, freedom: int) -> float:
    from scipy import stats

    return float(stats.t.ppf(share, freedom))
