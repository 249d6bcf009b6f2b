"""Which trainings count: of each seed one of its surviving settings, and of all the champion.

Chosen on validation examples, by the measure of the problem. What a training reaches on its training examples, and how
soon, is judged by itself instead: `Replicates.least` and `Replicates.most`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pipeline.running import merit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pipeline.settings.study import MeasureName
    from pipeline.training.record import Outcome


@dataclass(frozen=True)
class Replicates:
    """The final trainings of one optimizer on one problem, and the one that each seed picks.

    A seed picks by its own validation result: so each is a replicate of "tune, then train" (Bouthillier et al. 2021,
    MLSys, sec. 3), and a difference between two optimizers contains the luck of choosing a setting.

    Parameters
    ----------
    outcomes
        By surviving setting (the best of the search first), each with all seeds in their order.
    """

    outcomes: Sequence[Outcome]
    measure: MeasureName = "accuracy"

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """Where each training stands among the outcomes, (seeds, settings)."""
        by_seed: dict[int, list[int]] = {}
        for place, outcome in enumerate(self.outcomes):
            by_seed.setdefault(outcome.training.seed, []).append(place)
        return np.array(list(by_seed.values()), dtype=np.intp)

    @cached_property
    def picked(self) -> tuple[int, ...]:
        """The setting that each seed picks; the search's order decides between equals."""
        ranks = [[merit.order(self.outcomes[place], self.measure) for place in own] for own in self.places.tolist()]
        return tuple(max(range(len(own)), key=own.__getitem__) for own in ranks)

    @property
    def picked_places(self) -> NDArray[np.intp]:
        """Where the picked trainings stand among the outcomes, (seeds,)."""
        return self.places[np.arange(len(self.places)), self.picked]

    @property
    def picks(self) -> list[Outcome]:
        """The picked trainings, in the order of the seeds."""
        return [self.outcomes[place] for place in self.picked_places.tolist()]

    def least(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each seed's smallest value, (seeds,) of one per outcome; NaN where no training of the seed has any."""
        found: NDArray[np.float64] = np.fmin.reduce(values[self.places], axis=1)
        return found

    def most(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each seed's largest value, as `least` returns the smallest."""
        found: NDArray[np.float64] = np.fmax.reduce(values[self.places], axis=1)
        return found


def champion(candidates: Iterable[Outcome], measure: MeasureName = "accuracy") -> Outcome:
    """Return the best network of the best optimizer, both by the measure on *validation* examples.

    First the optimizer with the best mean over its seeds: the best of all networks would favour those that scatter.

    Parameters
    ----------
    candidates
        The picked trainings of every optimizer on a problem.
    """
    by_optimizer: dict[str, list[Outcome]] = {}
    for outcome in candidates:
        by_optimizer.setdefault(outcome.training.optimizer, []).append(outcome)
    best = max(
        by_optimizer.values(), key=lambda group: float(np.mean([merit.score(outcome, measure) for outcome in group]))
    )
    return best_seed(best, measure)


def best_seed(outcomes: Iterable[Outcome], measure: MeasureName = "accuracy") -> Outcome:
    """Return the best training by the measure on validation examples; the smallest seed among equals."""
    return max(outcomes, key=lambda outcome: (merit.score(outcome, measure), -outcome.training.seed))
