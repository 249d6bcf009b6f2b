"""Decisions in plain words: the numbers that decided, and what would change the verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.comparison.decisions import VerdictKind
from pipeline.project.wording import counted
from pipeline.statistics.paired import smallest_p

if TYPE_CHECKING:
    from pipeline.comparison.decisions import Decision, Tested
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.comparison.pairs import Pair
    from pipeline.statistics.paired import PairedComparison


def lead(kind: VerdictKind, *, yes: str, no: str, alike: str, undecided: str) -> str:
    """Return the clause that opens a verdict's sentence."""
    known = {VerdictKind.SUPPORTED: yes, VerdictKind.REFUTED: no, VerdictKind.NO_MEANINGFUL_DIFFERENCE: alike}
    return known.get(kind, undecided)


def numbers(pair: Pair, evidence: Evidence) -> str:
    """Return the two means and their difference as a clause."""
    found, measure = pair.found, pair.measure
    if found is None:
        return pair.reason
    same = pair.a.problem == pair.b.problem
    where = f"on {evidence.title(pair.a.problem)}, " if same else ""
    sides = [
        f"{_value(mean, measure)} ({evidence.label(entry.optimizer)}"
        + ("" if same else f" on {evidence.title(entry.problem)}")
        + ")"
        for entry, mean in ((pair.a, found.mean_a), (pair.b, found.mean_b))
    ]
    return f"{where}{measure.title} {' against '.join(sides)}, {_difference(found.difference, measure)}"


def signed(value: float, form: str) -> str:
    """Return a number with its sign, in a format such as ``.2f``."""
    return f"{value:+{form}}".replace("-", "\N{MINUS SIGN}")


def _value(mean: float, measure: Measure) -> str:
    if measure.unit == "percentage points":
        return f"{100 * mean:.2f} %"
    if measure.unit in ("nats", "squared error"):
        return f"{mean:.4g}"
    # a mean of logarithms, so this is the geometric mean
    return f"{math.exp(mean):,.0f}" if measure.target else f"{math.exp(mean):.3g}"


def _difference(difference: float, measure: Measure) -> str:
    shown = measure.shown(difference) or 0.0
    if measure.unit == "times":
        return f"{shown:.3g} times"
    if measure.unit == "percentage points":
        return f"{signed(shown, '.2f')} points"
    return f"{signed(shown, '.4f')} {measure.unit}"


def change(decision: Decision, alpha: float) -> str:
    """Say what would change a verdict."""
    tested = decision.decisive
    if tested is None or tested.pair.found is None:
        return decision.note
    if decision.missing:
        return f"The comparison that could not be made: {decision.missing}."
    measure, found = tested.pair.measure, tested.pair.found
    unit = "points" if measure.unit == "percentage points" else measure.unit
    margin = f"{measure.shown(found.margin or 0) or 0.0:.3g} {unit}"
    if decision.kind is VerdictKind.NO_MEANINGFUL_DIFFERENCE:
        return f"A smaller margin than {margin}."
    if decision.kind is VerdictKind.INCONCLUSIVE:
        return _more_seeds(tested, found, alpha)
    return (
        f"Other problems, networks or seeds in which this difference shrinks below the margin of {margin} or turns "
        "round."
    )


def _more_seeds(tested: Tested, found: PairedComparison, alpha: float) -> str:
    if found.equivalence.low is None or found.equivalence.high is None:
        return "More seeds."
    smallest = smallest_p(found.pairs) * tested.family
    if smallest > alpha:
        needed = math.ceil(1 + math.log2(tested.family / alpha))
        return (
            f"More seeds: with {found.pairs} the smallest p that {counted(tested.family, 'test')} can have is "
            f"{min(1.0, smallest):.3g}; {needed} make {alpha:g} possible."
        )
    reach = (found.equivalence.high - found.equivalence.low) / 2
    enough = math.ceil(found.pairs * (reach / (found.margin or reach)) ** 2)
    if enough <= found.pairs:
        return "A difference farther from the margin, or more seeds: it lies close to the margin."
    return f"More seeds: about {enough:,} would narrow the interval to the margin."
