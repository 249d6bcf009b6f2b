"""Two sides on the same seeds: their paired differences, tested together with those of the same family."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.comparison.measures import on_problem
from pipeline.project.wording import counted, listed
from pipeline.statistics.families import max_t
from pipeline.statistics.inversion import FEWEST_FOR_EQUIVALENCE, DifferenceInterval, difference_interval, equivalence_p
from pipeline.statistics.paired import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure

    Vector = NDArray[np.float64]

_NOTHING = DifferenceInterval(0.0, None, None, "Student's t")

BETTER, WORSE, ALIKE, OPEN, NOT_TESTED = "better", "worse", "no meaningful difference", "inconclusive", "not tested"


class Side(NamedTuple):
    """Who is compared: an optimizer on a problem, or the mean of several; or a fixed `value` of the measure."""

    problem: str
    optimizers: tuple[str, ...]
    title: str = ""  # for people, where it is not the optimizer's label
    value: float | None = None

    def name(self, evidence: Evidence) -> str:
        """Return who it is, for people."""
        return self.title or listed(map(evidence.label, self.optimizers))


@dataclass(frozen=True, slots=True)
class Pair:
    """A comparison to make; the difference is a − b. `widened` is a factor on the margin; 0 asks for any difference."""

    measure: Measure
    a: Side
    b: Side
    widened: float = 1.0

    @property
    def problem(self) -> str:
        """The problem of `a`."""
        return self.a.problem


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tested:
    """What came out of a pair; where it was not tested, `reason` says why and the numbers mean nothing.

    Means, interval and margin are on the scale on which differences are taken (logarithms for ratios). `p` is two-sided
    and asks whether the difference goes beyond the margin: `alone`, and `corrected` for the family of so many
    comparisons, over so many problems.
    """

    pair: Pair
    measure: Measure  # as it is meant on the problem
    reason: str = ""
    pairs: int = 0
    mean_a: float = 0.0
    mean_b: float = 0.0
    interval: DifferenceInterval = _NOTHING
    margin: float = 0.0
    alone: float = 1.0
    corrected: float = 1.0
    side: int = 0  # 1 where `a` is rather better than the margin, −1 where it is rather worse
    one_missed: bool = False  # whether in some seed one side alone missed its target
    equivalence: float | None = None  # p of the hypothesis that the two differ by more than the margin
    family: int = 1
    problems: int = 1
    obstacle: str = ""  # why a clear answer cannot stand: the tuning of the side that is behind
    outcome: str = NOT_TESTED

    @property
    def sign(self) -> int:
        """1 where higher is better, else −1."""
        return 1 if self.measure.higher_is_better else -1

    @property
    def size(self) -> float:
        """The difference in margins, positive where `a` is better."""
        return self.sign * self.interval.estimate / self.margin if self.margin else 0.0

    @property
    def upper(self) -> float:
        """The end of the interval that is best for `a`, positive where `a` is better; infinite without an interval."""
        end = self.interval.high if self.sign > 0 else self.interval.low
        return float("inf") if end is None else self.sign * end

    @property
    def not_better(self) -> bool:
        """Whether `a` is shown not to be better beyond the margin: its interval ends before."""
        return self.outcome != NOT_TESTED and not self.obstacle and self.upper < self.margin

    @property
    def real(self) -> bool:
        """Whether the interval leaves out zero: there is a difference, however small."""
        low, high = self.interval.low, self.interval.high
        return low is not None and high is not None and (low > 0 or high < 0)


def compare_families(evidence: Evidence, families: Sequence[Sequence[Pair]]) -> list[list[Tested]]:
    """Test the pairs of each family together, and correct over the families: a claim's problems.

    Inside a family max-T; over families the step-down method of Holm: the p of a pair is multiplied by the number of
    families in which a pair with an equal or larger p is left. With one pair a family that is Holm's own method.
    """
    tested = [_family(evidence, pairs) for pairs in families]
    left = Counter({number: len(known) for number, family in enumerate(tested) if (known := _known(family))})
    places = [(number, place) for number, family in enumerate(tested) for place in _known(family)]
    count, running = len(left), 0.0
    for number, place in sorted(places, key=lambda at: tested[at[0]][at[1]].corrected):
        found = tested[number][place]
        running = max(running, min(1.0, found.corrected * len(left)))
        tested[number][place] = _concluded(evidence, replace(found, corrected=running, problems=count))
        left[number] -= 1
        left += Counter()  # drops those of which nothing is left
    return tested


def compare_family(evidence: Evidence, pairs: Sequence[Pair]) -> list[Tested]:
    """Test the pairs of one family together."""
    return compare_families(evidence, [pairs])[0]


def _known(family: Sequence[Tested]) -> list[int]:
    return [place for place, found in enumerate(family) if not found.reason]


class _Differences(NamedTuple):
    """The paired differences of two sides, NaN where a seed is left out."""

    values: Vector
    mean_a: float
    mean_b: float
    one_missed: bool  # whether in some seed one side alone missed its target: the difference is larger than it looks


def _family(evidence: Evidence, pairs: Sequence[Pair]) -> list[Tested]:
    """Test pairs of one problem and margin; nothing is concluded yet."""
    meant = [replace(pair, measure=on_problem(pair.measure, evidence, pair.problem)) for pair in pairs]
    differences = [_differences(evidence, pair) for pair in meant]
    known = [(pair, own) for pair, own in zip(meant, differences, strict=True) if not isinstance(own, str)]
    found = iter(_tested(evidence, known) if known else [])
    return [
        Tested(pair=pair, measure=pair.measure, reason=own) if isinstance(own, str) else next(found)
        for pair, own in zip(meant, differences, strict=True)
    ]


def _tested(evidence: Evidence, known: Sequence[tuple[Pair, _Differences]]) -> list[Tested]:
    pair = known[0][0]
    measure, problem = pair.measure, pair.problem
    margin, grain = pair.widened * measure.margin_on(problem, evidence), measure.grain(problem, evidence)
    # a generator of its own for every family; used above 16 seeds only
    rng = np.random.default_rng(list(f"{problem}/{measure.name}".encode()))
    table = _joined([own.values for _, own in known]) * (1 if measure.higher_is_better else -1)
    alone, corrected, side = _p_values(table, margin, grain, rng)
    results = []
    for place, (pair, own) in enumerate(known):
        values = own.values[np.isfinite(own.values)]
        alike = margin > 0 and not own.one_missed
        results.append(
            Tested(
                pair=pair,
                measure=pair.measure,
                pairs=values.size,
                mean_a=own.mean_a,
                mean_b=own.mean_b,
                interval=difference_interval(values, rng, 1 - evidence.settings.alpha),
                margin=margin,
                alone=float(alone[place]),
                corrected=float(corrected[place]),
                side=int(side[place]),
                one_missed=own.one_missed,
                equivalence=equivalence_p(values, margin, rng, grain=grain) if alike else None,
                family=len(known),
            )
        )
    return results


def _joined(columns: Sequence[Vector]) -> Vector:
    """Put differences side by side; a comparison with fewer seeds has the first ones."""
    table = np.full((max(len(column) for column in columns), len(columns)), np.nan)
    for place, column in enumerate(columns):
        table[: len(column), place] = column
    return table


def _p_values(table: Vector, margin: float, grain: float, rng: np.random.Generator) -> tuple[Vector, Vector, Vector]:
    """Return p of each comparison alone, p corrected for the family, and the side it lies on.

    With fewer than six seeds no sign-flip test can reach 5 %: Student's t then, corrected by Holm, as its interval is.
    """
    if len(table) >= FEWEST_FOR_EQUIVALENCE:
        found = max_t(table, rng, margin=margin)
        return found.alone, found.corrected, found.side.astype(np.float64)
    from scipy import stats

    pairs = np.isfinite(table).sum(axis=0)
    mean = np.nanmean(table, axis=0)
    # seeds that all agree have a spread nevertheless: that of the measure's grain
    error = np.maximum(np.nanstd(table, axis=0, ddof=1), grain) / np.sqrt(pairs)
    beyond = stats.t.sf((np.abs(mean) - margin) / error, pairs - 1)
    alone = np.minimum(1.0, 2 * beyond)
    return alone, holm(alone), np.sign(mean)


def _concluded(evidence: Evidence, found: Tested) -> Tested:
    """Draw the conclusion; a side that is behind because of its tuning is not called worse, or alike."""
    alpha = evidence.settings.alpha
    outcome = OPEN
    if found.corrected <= alpha and found.side:
        outcome = BETTER if found.side > 0 else WORSE
    elif found.equivalence is not None and found.equivalence <= alpha / 2:
        outcome = ALIKE
    behind = {BETTER: (found.pair.b,), WORSE: (found.pair.a,)}.get(outcome, (found.pair.a, found.pair.b))
    obstacle = next((why for side in behind if (why := _badly_tuned(evidence, side))), "")
    return replace(found, outcome=OPEN if obstacle else outcome, obstacle=obstacle)


def _badly_tuned(evidence: Evidence, side: Side) -> str:
    """Say that a side's best learning rates lie on the border of what was tried, for most of its optimizers."""
    on_border = [name for name in side.optimizers if evidence.on_border(side.problem, name)]
    if 2 * len(on_border) <= len(side.optimizers):
        return ""
    names = " and ".join(map(evidence.label, on_border))
    return f"the best learning rate of {names} on {evidence.title(side.problem)} lies on the border of those tried"


def _differences(evidence: Evidence, pair: Pair) -> _Differences | str:
    """Return the differences a − b, or say why there are none."""
    first = _side(evidence, pair.measure, pair.a)
    if isinstance(first, str):
        return first
    second = _side(evidence, pair.measure, pair.b) if pair.b.value is None else _fixed(pair, len(first[0]))
    if isinstance(second, str):
        return second
    # seeds are in the same order everywhere: a problem with fewer of them shares its first ones
    shared = min(len(first[0]), len(second[0]))
    (a, missed_a), (b, missed_b) = ((values[:shared], missed[:shared]) for values, missed in (first, second))
    differences = np.where(missed_a & missed_b, np.nan, a - b)
    known = np.isfinite(differences)
    if known.sum() < 2:
        return _too_few(evidence, pair, int(known.sum()), bool((missed_a & missed_b).any()))
    one_missed = bool((missed_a ^ missed_b)[known].any())
    return _Differences(differences, float(a[known].mean()), float(b[known].mean()), one_missed)


def _fixed(pair: Pair, seeds: int) -> tuple[Vector, NDArray[np.bool_]]:
    """Return a fixed value for every seed."""
    value = float(pair.b.value or 0)
    scaled = math.log(value) if pair.measure.unit == "times" else value
    return np.full(seeds, scaled), np.zeros(seeds, dtype=np.bool_)


def _too_few(evidence: Evidence, pair: Pair, known: int, missed: bool) -> str:
    a, b, where = pair.a.name(evidence), pair.b.name(evidence), f"on {evidence.title(pair.problem)}"
    if missed:
        return f"neither {a} nor {b} reached the target {where}"
    return f"{a} and {b} share {counted(known, pair.measure.replicates)} {where}; two are needed"


def _side(evidence: Evidence, measure: Measure, side: Side) -> tuple[Vector, NDArray[np.bool_]] | str:
    """Return a side's values by seed, the mean of its optimizers, and where all of them missed the target.

    Those optimizers count that took part and are a function of their own; say why where there are none.
    """
    if side.problem not in evidence.problems:
        return f"the study has no problem {side.problem}"
    scores, twins = evidence.scores(measure, side.problem), evidence.twins(side.problem)
    members = [name for name in side.optimizers if name in scores and name not in twins]
    if not members:
        return _absent(evidence, measure, side, twins)
    missed = [_missed(evidence, measure, side.problem, name) for name in members]
    return np.mean([scores[name] for name in members], axis=0), np.all(missed, axis=0)


def _missed(evidence: Evidence, measure: Measure, problem: str, optimizer: str) -> NDArray[np.bool_]:
    seeds = measure.values(evidence, problem, optimizer) or ()
    return np.array([measure.target is not None and value is None for value in seeds], dtype=np.bool_)


def _absent(evidence: Evidence, measure: Measure, side: Side, twins: dict[str, str]) -> str:
    where = f"on {evidence.title(side.problem)}"
    for name in side.optimizers:
        if name in twins:
            return f"{evidence.label(name)} {where} is {twins[name]}"
        if evidence.of(side.problem, name) is not None:
            return f"the {measure.title} of {evidence.label(name)} {where} was not measured"
    return f"{side.name(evidence)} took no part in {evidence.title(side.problem)}"
