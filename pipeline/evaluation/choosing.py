"""Which network counts: chosen by validation accuracy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.training.record import Outcome


def champion(candidates: Iterable[Outcome]) -> Outcome:
    """Return the best network of the best optimizer, both by *validation* accuracy.

    First the optimizer with the highest mean over its seeds: the best of all networks would favour those that scatter.
    """
    by_optimizer: dict[str, list[Outcome]] = {}
    for outcome in candidates:
        by_optimizer.setdefault(outcome.training.optimizer, []).append(outcome)
    best = max(by_optimizer.values(), key=lambda group: float(np.mean([o.validation_accuracy for o in group])))
    return best_seed(best)


def best_seed(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the training with the highest validation accuracy; the smallest seed among equals."""
    return max(outcomes, key=lambda outcome: (outcome.validation_accuracy, -outcome.training.seed))
