"""Mean ranks, and how far apart they must lie to differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.statistics.ranks import rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.comparison.measures import Metrics


def over_seeds(metrics: Metrics, problem: str, alpha: float) -> dict[str, Any]:
    """Rank the optimizers of a problem by test accuracy within every seed.

    A diverged seed ranks last. An optimizer whose learning rate lies on the edge of its grid is left out.

    Returns
    -------
    dict
        ``ranks`` (optimizer to mean rank, 1 is best, the best first), ``blocks``, ``critical_difference``
        (Nemenyi), ``p`` (Friedman), ``left_out``, and ``reason`` why there is no ranking, or None.
    """
    entries = metrics[problem]
    left_out = [name for name, entry in entries.items() if entry.get("on_edge")]
    names = [name for name in entries if name not in left_out]
    table = [_seed_scores(entries[name]) for name in names]
    return _ranked(names, np.array(table, dtype=np.float64).T, alpha, left_out, "seeds")


def over_problems(metrics: Metrics, alpha: float) -> dict[str, Any]:
    """Rank the optimizers by mean test accuracy within every problem that all of them took part in.

    Returns
    -------
    dict
        As `over_seeds`, with ``problems``. An optimizer that diverged in a seed of a problem ranks last there.
    """
    everybody = dict.fromkeys(name for entries in metrics.values() for name in entries)
    problems = [problem for problem, entries in metrics.items() if len(entries) == len(everybody)]
    left_out = [name for name in everybody if any(metrics[problem][name].get("on_edge") for problem in problems)]
    names = [name for name in everybody if name not in left_out]
    table = [[float(np.mean(_seed_scores(metrics[problem][name]))) for name in names] for problem in problems]
    ranked = _ranked(names, np.array(table, dtype=np.float64), alpha, left_out, "problems")
    return {**ranked, "problems": problems}


def _seed_scores(entry: Any) -> list[float]:
    """Return the test accuracies, minus infinity for a seed that diverged: its losses are not finite."""
    accuracies = entry["test_accuracy"]["seeds"]
    losses = entry.get("train_loss", {}).get("seeds", accuracies)
    return [
        -np.inf if accuracy is None or loss is None else float(accuracy)
        for accuracy, loss in zip(accuracies, losses, strict=True)
    ]


def _ranked(names: Sequence[str], table: np.ndarray, alpha: float, left_out: list[str], blocks: str) -> dict[str, Any]:
    found = rank(names, table, alpha)
    if found is None:
        reason = f"{len(names)} optimizers and {len(table)} {blocks}: three and two are needed"
        nothing = {"ranks": {}, "blocks": len(table), "critical_difference": None, "p": None}
        return {**nothing, "left_out": left_out, "reason": reason}
    return {**found._asdict(), "left_out": left_out, "reason": None}
