"""The learning-rate search: the same budget for every optimizer, judged on validation examples only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pipeline.running.outputs import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from pipeline.settings.study import Settings, TuningSettings
    from pipeline.training.record import Outcome


def grid(middle: float, points: int, points_per_decade: int) -> list[float]:
    """Return a log-spaced grid around its middle, ascending, three significant digits each.

    Examples
    --------
    >>> grid(0.001, points=3, points_per_decade=2)
    [0.000316, 0.001, 0.00316]
    """
    return [rate_at(middle, step, points_per_decade) for step in _first_steps(points)]


def rate_at(middle: float, steps: int, points_per_decade: int) -> float:
    """Return the learning rate that lies `steps` grid steps above the middle."""
    return float(f"{middle * 10 ** (steps / points_per_decade):.3g}")


@dataclass(frozen=True)
class Grid:
    """The learning rates that a search starts from.

    Attributes
    ----------
    middle
        Where the steps are counted from.
    points
        Number of learning rates.
    centre
        Number of grid steps above `middle` that the points lie around.
    """

    middle: float
    points: int
    centre: int = 0


Trial: TypeAlias = "tuple[str, float]"  # a problem, and a learning rate to train it at
Run: TypeAlias = "Callable[[Sequence[Trial], Callable[[Outcome], Sequence[Trial]], Callable[[], Trial | None]], object]"


def tune(optimizer: str, settings: Settings, run: Run) -> tuple[dict[str, list[Outcome]], dict[str, Choice]]:
    """Search the best learning rate of an optimizer for every problem that it takes part in.

    A problem that starts from another's tuned value (``tuned_on``) begins as soon as that is found.

    Parameters
    ----------
    optimizer
        Name of its row.
    settings
        With the problems and the budget.
    run
        Trains; called once, so that all problems share the workers. Gets the first trials, a function that takes
        every outcome as it comes, in any order, and returns the trials to add because of it, and one that returns a
        trial that will probably be added (or None), for a worker that has nothing to do.

    Returns
    -------
    tuple of dict
        By problem: all trials in ascending order of the learning rate, and the choice.
    """
    row, tuning = settings.optimizer(optimizer), settings.tuning
    names = settings.problems_of(optimizer)
    sources = {name: settings.problems[name].tuned_on for name in names}
    independent = [name for name in names if not sources[name]]
    dependent = [name for name in names if sources[name]]

    def heirs(problem: str, choice: Choice) -> dict[str, Grid]:
        # counted from the same middle, so that both problems try the same learning rates
        centre = round(math.log10(choice.learning_rate / row.learning_rate) * tuning.points_per_decade)
        return {
            name: Grid(row.learning_rate, 2 * settings.problems[name].neighbours + 1, centre)
            for name in dependent
            if sources[name] == problem
        }

    # those that others wait for come first
    urgent_first = sorted(independent, key=lambda name: name not in sources.values())
    grids = {name: Grid(row.learning_rate, tuning.points) for name in urgent_first}
    trials, choices = search(grids, tuning, run, heirs)
    order = independent + dependent
    return {name: trials[name] for name in order}, {name: choices[name] for name in order}


def expected_trials(optimizer: str, settings: Settings) -> int:
    """Return how many trials a search has if no grid must be extended."""
    problems = [settings.problems[name] for name in settings.problems_of(optimizer)]
    return sum(2 * p.neighbours + 1 if p.tuned_on else settings.tuning.points for p in problems)


def search(
    grids: Mapping[str, Grid],
    tuning: TuningSettings,
    run: Run,
    heirs: Callable[[str, Choice], Mapping[str, Grid]] = lambda problem, choice: {},
) -> tuple[dict[str, list[Outcome]], dict[str, Choice]]:
    """Search the best learning rate for several problems at once, each at its own pace.

    The grid of a problem whose best lies on an edge grows by a point beyond that edge, again and again, at most
    ``max_extensions`` times. `heirs` tells which problems begin, and where, once a problem's choice is made.
    Other arguments and result as of `tune`; the problems come in the order in which they began.
    """
    searches: dict[str, _Search] = {}

    def begin(some: Mapping[str, Grid]) -> list[Trial]:
        searches.update({problem: _Search(start, tuning) for problem, start in some.items()})
        return [(problem, rate) for problem in some for rate in searches[problem].first()]

    def follow(outcome: Outcome) -> list[Trial]:
        problem = outcome.training.problem
        own = searches[problem]
        further = [(problem, rate) for rate in own.take(outcome)]
        return further if own.pending else begin(heirs(problem, own.choice()))

    def likely() -> Trial | None:
        guesses = ((problem, own.likely()) for problem, own in searches.items())
        return next(((problem, rate) for problem, rate in guesses if rate is not None), None)

    if grids:
        run(begin(grids), follow, likely)
    trials = {problem: own.trials() for problem, own in searches.items()}
    return trials, {problem: own.choice() for problem, own in searches.items()}


class _Search:
    """What to try next on one problem, given what was tried."""

    def __init__(self, start: Grid, tuning: TuningSettings) -> None:
        self._start, self._tuning = start, tuning
        self._steps: dict[float, int] = {}
        self._found: dict[int, Outcome] = {}

    @property
    def pending(self) -> bool:
        """Whether trials are under way."""
        return len(self._found) < len(self._steps)

    def first(self) -> list[float]:
        return self._ask(_first_steps(self._start.points, self._start.centre))

    def take(self, outcome: Outcome) -> list[float]:
        """Take over a trial; return the learning rate to try once the last of those under way is in."""
        self._found[self._steps[outcome.training.learning_rate]] = outcome
        step = None if self.pending else self._extension()
        return [] if step is None else self._ask([step])

    def likely(self) -> float | None:
        """Return the learning rate to try next if none of the trials under way is the best."""
        step = self._extension() if self.pending and self._found else None
        return None if step is None else self._rate(step)

    def _extension(self) -> int | None:
        used_up = len(self._steps) - self._start.points >= self._tuning.max_extensions
        return None if used_up else _beyond_edge(self._found, self._steps.values())

    def _ask(self, steps: Iterable[int]) -> list[float]:
        new = {self._rate(step): step for step in steps}
        self._steps.update(new)
        return list(new)

    def _rate(self, step: int) -> float:
        return rate_at(self._start.middle, step, self._tuning.points_per_decade)

    def trials(self) -> list[Outcome]:
        return [outcome for _, outcome in sorted(self._found.items())]

    def choice(self) -> Choice:
        return _choose(self._found)


def _first_steps(points: int, centre: int = 0) -> range:
    first = centre - points // 2
    return range(first, first + points)


def _merit(outcome: Outcome) -> tuple[float, float]:
    """Order trials: higher validation accuracy first, then lower validation loss."""
    loss = outcome.last.validation_loss
    return outcome.validation_accuracy, -loss if loss is not None else float("-inf")


def _best_step(trials: Mapping[int, Outcome]) -> int:
    # the smallest learning rate among equals: it is also the one to extend from if all of them diverged
    return min(trials, key=lambda step: (*(-value for value in _merit(trials[step])), step))


def _beyond_edge(trials: Mapping[int, Outcome], steps: Collection[int]) -> int | None:
    """Return the step beyond the edge of all steps on which the best trial lies, if it lies on one."""
    best = _best_step(trials)
    if best == min(steps):
        return best - 1
    return best + 1 if best == max(steps) else None


def _choose(trials: Mapping[int, Outcome]) -> Choice:
    best = trials[_best_step(trials)]
    return Choice(
        learning_rate=best.training.learning_rate,
        validation_accuracy=best.validation_accuracy,
        trials=len(trials),
        on_edge=_beyond_edge(trials, trials) is not None,
    )


def summary(optimizer: str, problem: str, choice: Choice) -> str:
    """Say in a line what a search found."""
    edge = ", still on the edge of the grid" if choice.on_edge else ""
    return (
        f"{optimizer} on {problem}: learning rate {choice.learning_rate:g} of {choice.trials} tried "
        f"({choice.validation_accuracy:.1%} of the validation examples right{edge})"
    )
