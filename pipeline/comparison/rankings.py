"""Mean ranks, and how far apart they must lie to differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.project.numbers import decimals
from pipeline.results.comparison import Ranking, RankingOverProblems
from pipeline.statistics.ranks import rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.results.metrics import Metrics, OptimizerMetrics


def over_seeds(entries: dict[str, OptimizerMetrics], alpha: float) -> Ranking:
    """Rank a problem's optimizers by its measure on the test examples within every seed, without those on an edge.

    A seed that diverged comes last.
    """
    left_out = tuple(name for name, entry in entries.items() if entry.on_edge)
    names = [name for name in entries if name not in left_out]
    table = [_seed_scores(entries[name]) for name in names]
    return _ranked(names, np.array(table, dtype=np.float64).T, alpha, left_out, "seeds")


def over_problems(metrics: Metrics, alpha: float) -> RankingOverProblems:
    """Rank the optimizers by the mean of the measure within every problem that all took part in; diverged: last."""
    everybody = dict.fromkeys(name for entries in metrics.problems.values() for name in entries)
    problems = {problem: found for problem, found in metrics.problems.items() if len(found) == len(everybody)}
    left_out = tuple(name for name in everybody if any(found[name].on_edge for found in problems.values()))
    names = [name for name in everybody if name not in left_out]
    table = [[float(np.mean(_seed_scores(found[name]))) for name in names] for found in problems.values()]
    ranked = _ranked(names, np.array(table, dtype=np.float64), alpha, left_out, "problems")
    return RankingOverProblems(**dict(ranked), problems=tuple(problems))


def _seed_scores(found: OptimizerMetrics) -> list[float]:
    """Return the test accuracies or minus the test losses; minus infinity for a seed that diverged (no finite loss)."""
    sign = 1 if found.measure == "accuracy" else -1
    return [
        -np.inf if reached is None or loss is None else sign * reached
        for reached, loss in zip(found.reached.seeds, found.train_loss.seeds, strict=True)
    ]


def _ranked(names: Sequence[str], table: np.ndarray, alpha: float, left_out: tuple[str, ...], blocks: str) -> Ranking:
    found = rank(names, table, alpha)
    if found is None:
        return Ranking(
            ranks={},
            blocks=len(table),
            critical_difference=None,
            p=None,
            left_out=left_out,
            reason=f"{len(names)} optimizers and {len(table)} {blocks}: three and two are needed",
        )
    return Ranking(
        ranks={name: round(mean, 6) for name, mean in found.ranks.items()},
        blocks=found.blocks,
        critical_difference=decimals(found.critical_difference),
        p=decimals(found.p),
        left_out=left_out,
        reason=None,
    )
