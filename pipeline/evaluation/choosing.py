"""Which network counts: chosen on validation examples alone, by the measure of the problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.running.merit import score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.settings.study import MeasureName
    from pipeline.training.record import Outcome


def champion(candidates: Iterable[Outcome], measure: MeasureName = "accuracy") -> Outcome:
    """Return the best network of the best optimizer, both by the measure on *validation* examples.

    First the optimizer with the best mean over its seeds: the best of all networks would favour those that scatter.
    """
    by_optimizer: dict[str, list[Outcome]] = {}
    for outcome in candidates:
        by_optimizer.setdefault(outcome.training.optimizer, []).append(outcome)
    best = max(by_optimizer.values(), key=lambda group: float(np.mean([score(outcome, measure) for outcome in group])))
    return best_seed(best, measure)


def best_seed(outcomes: Iterable[Outcome], measure: MeasureName = "accuracy") -> Outcome:
    """Return the best training by the measure on validation examples; the smallest seed among equals."""
    return max(outcomes, key=lambda outcome: (score(outcome, measure), -outcome.training.seed))
