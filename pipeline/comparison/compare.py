"""Every optimizer against the baseline, ranks, and what the searches tell: the study's numbers compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.comparison import measures, rankings, searches
from pipeline.comparison.pairs import Entry, compare_entries
from pipeline.project.numbers import decimals
from pipeline.results.comparison import Comparison, Difference, ProblemComparison, Rules
from pipeline.statistics.paired import holm_of_tested

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.comparison.measures import Measure
    from pipeline.comparison.pairs import Pair
    from pipeline.comparison.settings import ComparisonSettings
    from pipeline.results.metrics import Metrics


def compare(settings: ComparisonSettings, metrics: Metrics, learning_rates: pd.DataFrame) -> Comparison:
    """Compare the optimizers of every problem; `learning_rates` is ``results/learning_rates.csv``.

    Numbers are rounded to six decimals, the same for the same input. Intervals are 95 % BCa; ``corrected_p`` is Holm's
    over all optimizers of a problem and measure.
    """
    problems = {
        problem: ProblemComparison(
            against_baseline={
                measure.name: _against_baseline(settings, metrics, problem, measure)
                for measure in measures.of_problem(metrics, problem)
            },
            ranking=rankings.over_seeds(entries, settings.alpha),
            searches={
                name: searches.describe(trials, settings.margins, found.measure)
                for name, found in entries.items()
                if len(trials := here[here["optimizer"] == name])
            },
        )
        for problem, entries in metrics.problems.items()
        for here in [learning_rates[learning_rates["problem"] == problem]]
    }
    return Comparison(
        settings=Rules.model_validate(settings.model_dump()),
        problems=problems,
        ranking=rankings.over_problems(metrics, settings.alpha),
    )


def _against_baseline(
    settings: ComparisonSettings, metrics: Metrics, problem: str, measure: Measure
) -> dict[str, Difference]:
    baseline = Entry(problem, settings.baseline)
    others = [Entry(problem, name) for name in metrics.problems[problem] if name != settings.baseline]
    pairs = [compare_entries(settings, metrics, entry, baseline, measure) for entry in others]
    return {
        pair.a.optimizer: _difference(pair, corrected, settings.alpha)
        for pair, corrected in zip(pairs, holm_of_tested([pair.found for pair in pairs]), strict=True)
    }


def _difference(pair: Pair, corrected_p: float | None, alpha: float) -> Difference:
    difference, low, high = map(decimals, pair.effect())
    found = pair.found
    return Difference(
        difference=difference,
        low=low,
        high=high,
        unit=pair.measure.unit,
        p=decimals(found.p) if found else None,
        corrected_p=decimals(corrected_p),
        probability_of_improvement=decimals(found.probability_of_improvement) if found else None,
        outcome=found.conclusion(corrected_p, alpha) if found and corrected_p is not None else "not tested",
        pairs=found.pairs if found else 0,
        reason=None if found else pair.reason,
    )
