"""The few numbers by which two revisions of the study are told apart, for `dvc exp show` and `dvc metrics diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.results.key_figures import Accuracies, Summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.results.champions import Champions
    from pipeline.results.metrics import Metrics

_DIGITS = 2


def accuracies(metrics: Metrics) -> Accuracies:
    """Return the mean test accuracy by problem and optimizer, in percent to two decimals."""
    return Accuracies(
        {
            problem: {name: _percent(found.test_accuracy.mean) for name, found in entries.items()}
            for problem, entries in metrics.problems.items()
        }
    )


def summary(
    baseline: str, main_problem: str, metrics: Metrics, champions: Champions, claims: Mapping[str, int]
) -> Summary:
    """Return the row of an experiment in ``dvc exp show``; `claims` is how many claims came to each verdict.

    The lead of the champion's optimizer over the baseline is chosen on validation data, measured on test data, so
    it can be negative.
    """
    found = accuracies(metrics).root
    best = {problem: champions.problems[problem].optimizer for problem in found}
    main = found[main_problem]
    return Summary(
        champion=best[main_problem],
        accuracy={"champion": main[best[main_problem]], **main},
        lead={problem: _lead(found[problem][best[problem]], found[problem].get(baseline)) for problem in found},
        # column headers: short, without blanks
        claims={verdict.replace("meaningful ", "").replace(" ", "_"): count for verdict, count in claims.items()},
    )


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(100 * fraction, _DIGITS)


def _lead(champion: float | None, baseline: float | None) -> float | None:
    return None if champion is None or baseline is None else round(champion - baseline, _DIGITS)
