"""The learning-rate search: the same budget for every optimizer, judged on validation examples only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pipeline.config import Settings, TuningSettings
    from pipeline.records import Outcome


@dataclass(frozen=True)
class Choice:
    """The result of a search.

    Attributes
    ----------
    learning_rate
        The best of the grid.
    validation_accuracy
        Its accuracy (fraction) with the tuning seed.
    trials
        Number of learning rates tried.
    on_edge
        Whether the best is still the first or last of the extended grid: then a better one may lie beyond, and
        comparisons with this optimizer are void.
    """

    learning_rate: float
    validation_accuracy: float
    trials: int
    on_edge: bool


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


Run: TypeAlias = "Callable[[Sequence[tuple[str, float]]], list[Outcome]]"


def tune(optimizer: str, settings: Settings, run: Run) -> tuple[dict[str, list[Outcome]], dict[str, Choice]]:
    """Search the best learning rate of an optimizer for every problem that it takes part in.

    Problems that start from another's tuned value (``tuned_on``) come in a second wave.

    Parameters
    ----------
    optimizer
        Name of its row.
    settings
        With the problems and the budget.
    run
        Trains at (problem, learning rate) pairs; called once a round, so that all problems share the workers.

    Returns
    -------
    tuple of dict
        By problem: all trials in ascending order of the learning rate, and the choice.
    """
    row, tuning = settings.optimizer(optimizer), settings.tuning
    names = settings.problems_of(optimizer)
    first = {n: Grid(row.learning_rate, tuning.points) for n in names if not settings.problems[n].tuned_on}
    trials, choices = search(first, tuning, run)
    second = {}
    for name in names:
        problem = settings.problems[name]
        if problem.tuned_on:
            # counted from the same middle, so that both problems try the same learning rates
            tuned = choices[problem.tuned_on].learning_rate
            centre = round(math.log10(tuned / row.learning_rate) * tuning.points_per_decade)
            second[name] = Grid(row.learning_rate, 2 * problem.neighbours + 1, centre)
    more_trials, more_choices = search(second, tuning, run)
    return {**trials, **more_trials}, {**choices, **more_choices}


def expected_trials(optimizer: str, settings: Settings) -> int:
    """Return how many trials a search has if no grid must be extended."""
    problems = [settings.problems[name] for name in settings.problems_of(optimizer)]
    return sum(2 * p.neighbours + 1 if p.tuned_on else settings.tuning.points for p in problems)


def search(
    grids: Mapping[str, Grid], tuning: TuningSettings, run: Run
) -> tuple[dict[str, list[Outcome]], dict[str, Choice]]:
    """Search the best learning rate for several problems at once.

    The grid of a problem whose best lies on an edge grows by a point beyond that edge, again and again, at most
    ``max_extensions`` times. Arguments and result as of `tune`.
    """
    trials: dict[str, dict[int, Outcome]] = {problem: {} for problem in grids}
    wanted = [(problem, step) for problem, start in grids.items() for step in _first_steps(start.points, start.centre)]
    for extension in range(tuning.max_extensions + 1):
        if not wanted:
            break
        rates = [(p, rate_at(grids[p].middle, step, tuning.points_per_decade)) for p, step in wanted]
        for (problem, step), outcome in zip(wanted, run(rates), strict=True):
            trials[problem][step] = outcome
        beyond = ((problem, _beyond_edge(trials[problem])) for problem in grids)
        wanted = [(problem, step) for problem, step in beyond if step is not None]
        if extension == tuning.max_extensions:
            break
    ordered = {p: [outcome for _, outcome in sorted(found.items())] for p, found in trials.items()}
    return ordered, {problem: _choose(found) for problem, found in trials.items()}


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


def _beyond_edge(trials: Mapping[int, Outcome]) -> int | None:
    best = _best_step(trials)
    if best == min(trials):
        return best - 1
    return best + 1 if best == max(trials) else None


def _choose(trials: Mapping[int, Outcome]) -> Choice:
    best = trials[_best_step(trials)]
    return Choice(
        learning_rate=best.training.learning_rate,
        validation_accuracy=best.validation_accuracy,
        trials=len(trials),
        on_edge=_beyond_edge(trials) is not None,
    )


def summary(optimizer: str, problem: str, choice: Choice) -> str:
    """Say in a line what a search found."""
    edge = ", still on the edge of the grid" if choice.on_edge else ""
    return (
        f"{optimizer} on {problem}: learning rate {choice.learning_rate:g} of {choice.trials} tried "
        f"({choice.validation_accuracy:.1%} of the validation examples right{edge})"
    )
