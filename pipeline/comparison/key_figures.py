"""The few numbers by which two revisions of the study are told apart, for `dvc exp show` and `dvc metrics diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.numbers import decimals
from pipeline.results.key_figures import Accuracies, Summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.results.champions import Champions
    from pipeline.results.metrics import Metrics, OptimizerMetrics

_DIGITS = 2


def accuracies(metrics: Metrics) -> Accuracies:
    """Return the mean test accuracy by problem and optimizer, in percent to two decimals; regressions have none."""
    return Accuracies(
        {
            problem: {
                name: _percent(found.test_accuracy.mean) for name, found in entries.items() if found.test_accuracy
            }
            for problem, entries in metrics.problems.items()
            if all(found.test_accuracy for found in entries.values())
        }
    )


def summary(
    baseline: str, main_problem: str, metrics: Metrics, champions: Champions, claims: Mapping[str, int]
) -> Summary:
    """Return the row of an experiment in ``dvc exp show``; `claims` is how many claims came to each verdict.

    The lead of the champion's optimizer over the baseline is chosen on validation data, measured on test data, so
    it can be negative. A problem that is judged by its loss has no lead in points.
    """
    best = {problem: champions.problems[problem].optimizer for problem in metrics.problems}
    by_loss = [name for name, entries in metrics.problems.items() if _measure(entries) == "loss"]
    found = {name: reached for name, reached in accuracies(metrics).root.items() if name not in by_loss}
    losses = {name: decimals(row.test_loss.mean) for name, row in metrics.problems[main_problem].items()}
    return Summary(
        champion=best[main_problem],
        accuracy=_with_champion(best[main_problem], found.get(main_problem, {})),
        loss=_with_champion(best[main_problem], losses if main_problem in by_loss else {}),
        lead={problem: _lead(found[problem][best[problem]], found[problem].get(baseline)) for problem in found},
        # column headers: short, without blanks
        claims={verdict.replace("meaningful ", "").replace(" ", "_"): count for verdict, count in claims.items()},
    )


def _measure(entries: Mapping[str, OptimizerMetrics]) -> str:
    return next(found.measure for found in entries.values())


def _with_champion(champion: str, reached: dict[str, float | None]) -> dict[str, float | None]:
    return {"champion": reached[champion], **reached} if reached else {}


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(100 * fraction, _DIGITS)


def _lead(champion: float | None, baseline: float | None) -> float | None:
    return None if champion is None or baseline is None else round(champion - baseline, _DIGITS)
