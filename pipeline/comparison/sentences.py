"""Tested pairs in plain words: the numbers that decided, and what would change a verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.comparison.pairs import ALIKE, NOT_TESTED, OPEN
from pipeline.project.numbers import decimals
from pipeline.project.wording import counted
from pipeline.results.verdicts import VerdictRow
from pipeline.statistics.inversion import FEWEST_FOR_EQUIVALENCE

if TYPE_CHECKING:
    from pipeline.comparison.decisions import Cell
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.comparison.pairs import Side, Tested

# of seeds that nobody would train: the number is left out
_TOO_MANY = 20
# of so many margins a difference is no longer about as large as the margin
_NOT_ABOUT = 2


def numbers(found: Tested, evidence: Evidence) -> str:
    """Return the two means, their difference and its interval as a clause."""
    a, b, measure = found.pair.a, found.pair.b, found.measure
    same = a.problem == b.problem
    where = f"on {evidence.title(a.problem)}, " if same else ""
    names = [side.name(evidence) + ("" if same else f" on {evidence.title(side.problem)}") for side in (a, b)]
    first, second = _value(found.mean_a, measure), _value(found.mean_b, measure)
    if measure.target:
        unit, _, target = measure.title.partition(" ")
        whole = f"{first} {unit} ({names[0]}) against {second} ({names[1]}) {target}"
    else:
        whole = f"{measure.title} {first} ({names[0]}) against {second} ({names[1]})"
    return f"{where}{whole}, {_difference(found)}"


def test(found: Tested) -> str:
    """Return how the p of a comparison was found."""
    kind = "Student's t" if found.pairs < FEWEST_FOR_EQUIVALENCE else "sign-flip"
    corrected = [f"max-T over {counted(found.family, 'comparison')}"] * (found.family > 1)
    corrected += [f"Holm over {counted(found.problems, 'problem')}"] * (found.problems > 1)
    whole = ", ".join([f"{kind} test of {counted(found.pairs, found.measure.replicates)}", *corrected])
    return f"{whole}; likeness is decided by the interval" if found.outcome == ALIKE else whole


def table_row(found: Tested, evidence: Evidence, *, decisive: bool) -> VerdictRow:
    """Return a comparison as a row of a claim's table."""
    measure, interval = found.measure, found.interval
    bounds = (interval.estimate, interval.low, interval.high) if not found.reason else (None, None, None)
    difference, low, high = (decimals(measure.shown(value)) for value in bounds)
    return VerdictRow(
        problem=found.pair.problem,
        measure=measure.title,
        a=_who(found.pair.a, found.pair, evidence),
        b=_who(found.pair.b, found.pair, evidence),
        difference=difference,
        low=low,
        high=high,
        unit=measure.unit,
        p=None if found.reason else decimals(found.corrected),
        outcome=found.outcome,
        reason=found.reason or found.obstacle,
        decisive=decisive,
    )


def _who(side: Side, pair: object, evidence: Evidence) -> str:
    elsewhere = side.problem != getattr(pair, "problem", side.problem)
    return f"{side.name(evidence)} on {evidence.title(side.problem)}" if elsewhere else side.name(evidence)


def signed(value: float, form: str) -> str:
    """Return a number with its sign, in a format such as ``.2f``."""
    text = f"{value:+{form}}"
    return ("+" + text[1:] if float(text) == 0 else text).replace("-", "\N{MINUS SIGN}")


def _value(mean: float, measure: Measure) -> str:
    if measure.unit == "percentage points":
        return f"{signed(100 * mean, '.2f').lstrip('+')} %"
    if measure.unit in ("nats", "squared error"):
        return f"{mean:.4g}"
    # a mean of logarithms, so this is the geometric mean
    value = math.exp(mean)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _difference(found: Tested) -> str:
    measure, interval = found.measure, found.interval
    if interval.low is None or interval.high is None:
        return _amount(interval.estimate, measure)
    low, high = _amount(interval.low, measure, unit=False), _amount(interval.high, measure, unit=False)
    return f"{_amount(interval.estimate, measure)} ({low} to {high})"


def _amount(difference: float, measure: Measure, *, unit: bool = True) -> str:
    # rounded as the files have it, so that the same number reads the same everywhere
    shown = decimals(measure.shown(difference)) or 0.0
    if measure.unit == "times":
        return f"{shown:.2f}{' times' if unit else ''}"
    if measure.unit == "percentage points":
        return f"{signed(shown, '.2f')}{' points' if unit else ''}"
    return f"{signed(shown, '.3f')}{f' {measure.unit}' if unit else ''}"


def _margin(found: Tested) -> str:
    shown = found.measure.shown(found.margin) or 0.0
    unit = f"point{'' if shown == 1 else 's'}" if found.measure.unit == "percentage points" else found.measure.unit
    return f"{shown:.3g} {unit}"


def change(decided: Cell, evidence: Evidence) -> str:
    """Say what would change a verdict, by what stands in the way of another."""
    found = decided.decisive
    if found is None or found.outcome == NOT_TESTED:
        return decided.note
    if decided.outcome == OPEN:
        return _in_the_way(decided, found, evidence)
    if found.outcome == ALIKE:
        reach = max(abs(found.interval.low or 0.0), abs(found.interval.high or 0.0))
        return f"A margin below {_amount(reach, found.measure).lstrip('+')}: the interval reaches that far."
    if found.outcome == OPEN:
        return f"A case in which the difference goes beyond the margin of {_margin(found)}."
    lost = _diverged(found, evidence)
    usual = (
        f"Other problems, networks or tuning budgets in which this difference shrinks below the margin of "
        f"{_margin(found)} or turns round."
        if found.margin
        else "Other problems, networks or tuning budgets in which this difference turns round."
    )
    return f"Settings that do not diverge: {lost}, which counts as the worst result. {usual}" if lost else usual


def _in_the_way(decided: Cell, found: Tested, evidence: Evidence) -> str:
    if decided.disagree:
        return (
            "Not more seeds: the comparisons disagree. A claim about one kind of problem, or about one of the "
            "optimizers, could be decided."
        )
    if found.obstacle:
        return f"A larger tuning budget, or a wider range of learning rates: {found.obstacle}."
    if lost := _diverged(found, evidence):
        return f"Settings that do not diverge: {lost}, which counts as the worst result and widens the interval."
    if found.one_missed:
        return "A longer training or an easier target: in some seeds one side never reached it."
    return _more_seeds(found, evidence.settings.alpha)


def _diverged(found: Tested, evidence: Evidence) -> str:
    """Return which optimizers of a comparison diverged in how many seeds, or nothing."""
    if found.measure.replicates == "setting":
        return ""
    lost = [
        f"{evidence.label(name)} diverged in {len(own.diverged)} of {counted(len(own.test_loss.seeds), 'seed')}"
        for side in (found.pair.a, found.pair.b)
        for name in side.optimizers
        if (own := evidence.of(side.problem, name)) and own.diverged
    ]
    return " and ".join(lost)


def _more_seeds(found: Tested, alpha: float) -> str:
    """Say about how many seeds, or trials of the search, would decide a comparison."""
    more = "More seeds" if found.measure.replicates == "seed" else "More trials of the search"
    low, high = found.interval.low, found.interval.high
    if low is None or high is None:
        return f"{more}."
    # the smallest p that so many problems can have, each by the sign flips of so many seeds
    fewest = math.ceil(1 + math.log2(found.problems / alpha))
    reach, distance = (high - low) / 2, abs(abs(found.interval.estimate) - found.margin)
    needed = math.ceil(found.pairs * (reach / distance) ** 2) if distance > 0 else math.inf
    if found.pairs < FEWEST_FOR_EQUIVALENCE:
        return f"{more}: with fewer than {FEWEST_FOR_EQUIVALENCE} no two can be shown to be alike."
    if found.pairs < fewest:
        problems = counted(found.problems, "problem")
        return f"{more}: {fewest} at least, because with {found.pairs} no test over {problems} can decide."
    about = f"about {max(needed, found.pairs + 2):,.0f}" if needed <= _TOO_MANY * found.pairs else ""
    if found.margin and found.real and abs(found.size) < _NOT_ABOUT:
        rest = f" {more} ({about}) could tell them apart." if about else ""
        return (
            f"Another margin: there is a difference, but it is about as large as the margin of {_margin(found)}.{rest}"
        )
    if not about:
        limit = f"margin of {_margin(found)}" if found.margin else "limit"
        return f"Hardly {more.lower()}: the difference lies too near to the {limit}."
    return f"{more}: {about} instead of {found.pairs} would narrow the interval enough."
