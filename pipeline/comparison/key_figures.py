"""The few numbers by which two revisions of the study are told apart, for `dvc exp show` and `dvc metrics diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.comparison.measures import Metrics

_DIGITS = 2


def accuracies(metrics: Metrics) -> dict[str, dict[str, float | None]]:
    """Return the mean test accuracy by problem and optimizer, in percent to two decimals.

    Parameters
    ----------
    metrics
        ``results/metrics.json``.

    Returns
    -------
    dict
        None where every seed diverged.
    """
    return {
        problem: {name: _percent(entry["test_accuracy"]["mean"]) for name, entry in entries.items()}
        for problem, entries in metrics.items()
    }


def summary(
    baseline: str,
    main_problem: str,
    metrics: Metrics,
    champions: Mapping[str, Mapping[str, Any]],
    claims: Mapping[str, int],
) -> dict[str, Any]:
    """Return the row of an experiment in ``dvc exp show``.

    Parameters
    ----------
    baseline
        The optimizer that the others are compared with.
    main_problem
        The problem whose champion is named.
    metrics
        ``results/metrics.json``.
    champions
        ``results/champion.json``: by problem, the training with the best validation accuracy.
    claims
        How many claims came to each verdict.

    Returns
    -------
    dict
        ``{champion, accuracy: {champion, <optimizer>}, lead: {problem: points}, claims: {verdict: count}}``.
        Accuracies are mean test accuracies on the main problem, in percent. A lead is that of the champion's
        optimizer over the baseline, in percentage points: chosen on validation data, measured on test data, so it
        can be negative.
        None where one of the two has no accuracy.
    """
    found = accuracies(metrics)
    best = {problem: champions[problem]["optimizer"] for problem in metrics}
    main = found[main_problem]
    return {
        "champion": best[main_problem],
        "accuracy": {"champion": main[best[main_problem]], **main},
        "lead": {
            problem: _difference(found[problem][best[problem]], found[problem].get(baseline)) for problem in found
        },
        # column headers: short, without blanks
        "claims": {verdict.replace("meaningful ", "").replace(" ", "_"): count for verdict, count in claims.items()},
    }


def _percent(fraction: float | None) -> float | None:
    return None if fraction is None else round(100 * fraction, _DIGITS)


def _difference(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else round(a - b, _DIGITS)
