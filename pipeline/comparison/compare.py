"""Every optimizer against the baseline, ranks, and what the searches tell: the study's numbers compared."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pipeline.comparison import rankings, searches
from pipeline.comparison.measures import MEASURES
from pipeline.comparison.pairs import Row, compare_all
from pipeline.statistics.paired import holm_of_tested

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from pipeline.comparison.measures import Measure, Metrics
    from pipeline.comparison.pairs import Pair
    from pipeline.comparison.settings import ComparisonSettings

_DIGITS = 6


def compare(settings: ComparisonSettings, metrics: Metrics, learning_rates: pd.DataFrame) -> dict[str, Any]:
    """Compare the optimizers of every problem.

    Parameters
    ----------
    settings
        Baseline, level and margins.
    metrics
        ``results/metrics.json``.
    learning_rates
        ``results/learning_rates.csv``.

    Returns
    -------
    dict
        JSON, numbers rounded to six decimals, the same for the same input:
        ``{settings, problems: {problem: {against_baseline, ranking, searches}}, ranking}``.
        ``against_baseline`` is by measure and optimizer:
        ``{difference, low, high, unit, p, corrected_p, outcome, probability_of_improvement, pairs, reason}``,
        where a difference is optimizer − baseline (for the unit ``times``: their ratio), the interval is
        95 % BCa, and ``corrected_p`` is Holm's over all optimizers of that problem and measure. Where two cannot
        be compared the numbers are None, the outcome is "not tested" and ``reason`` says why.
    """
    problems = {
        problem: {
            "against_baseline": {
                measure.name: _against_baseline(settings, metrics, problem, measure) for measure in MEASURES
            },
            "ranking": rankings.over_seeds(metrics, problem, settings.alpha),
            "searches": _searches(learning_rates, problem, list(entries), settings.margins.learning_rate),
        }
        for problem, entries in metrics.items()
    }
    found: dict[str, Any] = rounded(
        {
            "settings": settings.model_dump(mode="json"),
            "problems": problems,
            "ranking": rankings.over_problems(metrics, settings.alpha),
        }
    )
    return found


def rounded(value: Any) -> Any:
    """Return JSON with every float rounded to six decimals, and None for what is not finite."""
    if isinstance(value, dict):
        return {name: rounded(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(entry) for entry in value]
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    return value


def _against_baseline(settings: ComparisonSettings, metrics: Metrics, problem: str, measure: Measure) -> dict[str, Any]:
    baseline = Row(problem, settings.baseline)
    couples = [(Row(problem, name), baseline) for name in metrics[problem] if name != settings.baseline]
    pairs = compare_all(settings, metrics, couples, measure)
    return {
        pair.a.optimizer: _record(pair, corrected, settings.alpha)
        for pair, corrected in zip(pairs, holm_of_tested([pair.found for pair in pairs]), strict=True)
    }


def _record(pair: Pair, corrected_p: float | None, alpha: float) -> dict[str, Any]:
    difference, low, high = pair.effect()
    found = pair.found
    record = {"difference": difference, "low": low, "high": high, "unit": pair.measure.unit}
    if found is None or corrected_p is None:
        nothing = dict.fromkeys(("p", "corrected_p", "probability_of_improvement"))
        return {**record, **nothing, "outcome": "not tested", "pairs": 0, "reason": pair.reason}
    return {
        **record,
        "p": found.p,
        "corrected_p": corrected_p,
        "probability_of_improvement": found.probability_of_improvement,
        "outcome": found.conclusion(corrected_p, alpha),
        "pairs": found.pairs,
        "reason": None,
    }


def _searches(learning_rates: pd.DataFrame, problem: str, optimizers: Sequence[str], margin: float) -> dict[str, Any]:
    here = learning_rates[learning_rates["problem"] == problem]
    by_optimizer = {name: here[here["optimizer"] == name] for name in optimizers}
    return {name: searches.describe(rows, margin) for name, rows in by_optimizer.items() if len(rows)}
