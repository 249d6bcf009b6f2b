"""Verdicts in plain words: the numbers that decided, and what would change the outcome."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.comparison.verdict import Outcome, Verdict
from pipeline.statistics.paired import smallest_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.decisions import Decision, Tested
    from pipeline.comparison.evidence import Evidence
    from pipeline.comparison.measures import Measure
    from pipeline.comparison.pairs import Pair


def verdict(
    claim: str,
    rule: str,
    decision: Decision,
    evidence: Evidence,
    problems: Sequence[str],
    *,
    yes: str,
    no: str,
) -> Verdict:
    """Put a decision into words.

    Parameters
    ----------
    claim, rule
        The claim's id and decision rule.
    decision
        The outcome and the pair that decided.
    evidence
        For names and margins.
    problems
        Those the verdict rests on.
    yes, no
        What a supported and a refuted claim means, a clause without a full stop.
    """
    alpha = evidence.settings.alpha
    if decision.decisive is None:
        return not_tested(claim, rule, decision.note)
    pair = decision.decisive.pair
    effect, low, high = pair.effect()
    lead = {
        Outcome.SUPPORTED: yes,
        Outcome.REFUTED: no,
        Outcome.NO_MEANINGFUL_DIFFERENCE: "The difference is too small to matter",
    }.get(decision.outcome, "The numbers do not decide it")
    note = f" ({decision.note})" if decision.note else ""
    return Verdict(
        claim=claim,
        outcome=decision.outcome,
        sentence=f"{lead}: {in_words(pair, evidence)}{note}.",
        rule=rule,
        what_would_change_it=change(decision, alpha),
        effect=effect,
        low=low,
        high=high,
        unit=pair.measure.unit,
        p=decision.p,
        test=decision.test,
        problems=tuple(dict.fromkeys(problems)),
    )


def not_tested(claim: str, rule: str, reason: str) -> Verdict:
    """Return the verdict on a claim whose evidence is absent."""
    return Verdict(
        claim=claim,
        outcome=Outcome.NOT_TESTED,
        sentence=f"Not tested: {reason}.",
        rule=rule,
        what_would_change_it=f"A study without this gap: {reason}.",
    )


def in_words(pair: Pair, evidence: Evidence) -> str:
    """Return the two means and their difference as a clause."""
    found, measure = pair.found, pair.measure
    if found is None:
        return pair.reason
    same = pair.a.problem == pair.b.problem
    names = [
        evidence.label(row.optimizer) + ("" if same else f" on {evidence.title(row.problem)}")
        for row in (pair.a, pair.b)
    ]
    means = [_value(mean, measure) for mean in (found.mean_a, found.mean_b)]
    sides = [f"{mean} ({name})" for mean, name in zip(means, names, strict=True)]
    where = f"on {evidence.title(pair.a.problem)}, " if same else ""
    return f"{where}{measure.title} {' against '.join(sides)}, {_difference(found.difference, measure)}"


def _value(mean: float, measure: Measure) -> str:
    if measure.unit == "percentage points":
        return f"{100 * mean:.2f} %"
    if measure.unit == "nats":
        return f"{mean:.4g}"
    # a mean of logarithms, so this is the geometric mean
    return f"{math.exp(mean):,.0f}" if measure.target else f"{math.exp(mean):.3g}"


def _difference(difference: float, measure: Measure) -> str:
    shown = measure.shown(difference) or 0.0
    if measure.unit == "times":
        return f"{shown:.3g} times"
    text = f"{shown:+.2f} points" if measure.unit == "percentage points" else f"{shown:+.4f} nats"
    return text.replace("-", "\N{MINUS SIGN}")


def change(decision: Decision, alpha: float) -> str:
    """Say what would change an outcome."""
    tested = decision.decisive
    if tested is None or tested.pair.found is None:
        return decision.note
    if decision.missing:
        return f"The comparison that could not be made: {decision.missing}."
    if decision.outcome is Outcome.NO_MEANINGFUL_DIFFERENCE:
        return f"A smaller margin than {margin_in_words(tested.pair.measure, tested.pair.found.margin or 0)}."
    if decision.outcome is Outcome.INCONCLUSIVE:
        return _more_seeds(tested, alpha)
    return (
        "Other problems, networks or seeds in which this difference shrinks below the margin of "
        f"{margin_in_words(tested.pair.measure, tested.pair.found.margin or 0)} or turns round."
    )


def margin_in_words(measure: Measure, margin: float) -> str:
    """Return a margin with its unit."""
    shown = measure.shown(margin) or 0.0
    unit = "points" if measure.unit == "percentage points" else measure.unit
    return f"{shown:.3g} {unit}"


def _more_seeds(tested: Tested, alpha: float) -> str:
    found = tested.pair.found
    if found is None or found.equivalence.low is None or found.equivalence.high is None:
        return "More seeds."
    needed = math.ceil(1 + math.log2(tested.family / alpha))
    if smallest_p(found.pairs) * tested.family > alpha:
        return (
            f"More seeds: with {found.pairs} the smallest p that {tested.family} test(s) can have is "
            f"{min(1.0, smallest_p(found.pairs) * tested.family):.3g}; {needed} make {alpha:g} possible."
        )
    reach = (found.equivalence.high - found.equivalence.low) / 2
    enough = math.ceil(found.pairs * (reach / (found.margin or reach)) ** 2)
    if enough <= found.pairs:
        return "A difference farther from the margin, or more seeds: it lies close to the margin."
    return f"More seeds: about {enough:,} would narrow the interval to the margin."
