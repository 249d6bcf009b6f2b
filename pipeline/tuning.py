"""The search: the same budget and the same points of the unit cube for every optimizer, judged on validation examples.

The points are a Latin hypercube (McKay, Beckman & Conover 1979, Technometrics 21): every twelfth of every coordinate
holds one of twelve points, so that no optimizer is lucky enough to have two near its best rate and another none. The
first twelve points of a Sobol sequence leave such gaps (docs/decisions/0012).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pipeline.running import merit
from pipeline.running.outputs import Choice, Setting
from pipeline.running.planning import plan
from pipeline.running.trainings import run_study
from pipeline.settings.spaces import LEARNING_RATE, MOST_SEARCHED, values_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pipeline.running.settings import ExecutionSettings
    from pipeline.settings.spaces import Space
    from pipeline.settings.study import MeasureName, Settings, TuningSettings
    from pipeline.training.record import Outcome, Training


@dataclass(frozen=True)
class Trial:
    """A setting to be tried on a problem; `number` counts the points, None is the default setting."""

    problem: str
    number: int | None
    setting: Setting


Follow: TypeAlias = "Callable[[Trial, Outcome], Sequence[Trial]]"
Run: TypeAlias = "Callable[[Sequence[Trial], Follow], object]"
Found: TypeAlias = "tuple[dict[str, list[Outcome]], dict[str, Choice]]"


def unit_points(count: int, seed: int) -> list[list[float]]:
    """Return the points of a random Latin hypercube, each with 16 coordinates from 0 to 1."""
    from scipy.stats import qmc

    points: list[list[float]] = qmc.LatinHypercube(MOST_SEARCHED, rng=seed).random(count).tolist()
    return points


def tune(optimizer: str, settings: Settings, run: Run) -> Found:
    """Search the best settings of an optimizer for every problem that has a search of its own.

    Parameters
    ----------
    run
        Trains; called once, so that all problems share the workers. Gets the first trials, and a function that takes
        every trial with its outcome, in any order, and returns the trials to add because of it.

    Returns
    -------
    tuple of dict
        By problem: the outcomes of all trials as they were asked for (the default setting first), and the choice.
    """
    row = settings.optimizer(optimizer)
    default = None if row.default_learning_rate is None else Setting(row.default_learning_rate, {})
    searches = {
        name: _Search(name, row.search, default, settings.tuning, settings.problems[name].measure)
        for name in settings.searched_problems_of(optimizer)
    }
    first = [trial for search in searches.values() for trial in search.first()]
    if first:
        run(first, lambda trial, outcome: searches[trial.problem].take(trial, outcome))
    return (
        {name: search.outcomes() for name, search in searches.items()},
        {name: search.choice() for name, search in searches.items()},
    )


def planned(optimizer: str, settings: Settings, trial: Trial, data: str) -> Training:
    """Return the training of a trial; `data` is the SHA-256 of the problem's prepared examples."""
    seed = settings.tuning.seed
    return plan("tune", settings, optimizer, trial.problem, setting=trial.setting, seed=seed, data=data)


def trained(
    optimizer: str,
    settings: Settings,
    execution: ExecutionSettings,
    digests: Mapping[str, str],
    on_finish: Callable[[Outcome, bool], None],
    on_total: Callable[[int], None],
) -> Found:
    """Search as `tune` does, with the workers of the settings and the project's data and memo.

    Parameters
    ----------
    digests
        By problem: the SHA-256 of its prepared examples.
    on_finish
        Called with every outcome, and whether it is fresh (not from the memo).
    on_total
        Called with the number of trainings, whenever it grows; equal trials are one training.
    """
    # two trials may be one training: the default setting and a point, where both have the same values
    trials_of: dict[Training, list[Trial]] = {}
    found: dict[Training, Outcome] = {}

    def run(first: Sequence[Trial], follow: Follow) -> None:
        def plans(trials: Sequence[Trial]) -> list[Training]:
            """Return the trainings still to do; a trial whose training has finished is reported at once."""
            wanted: list[Training] = []
            for trial in trials:
                training = planned(optimizer, settings, trial, digests[trial.problem])
                known = trials_of.setdefault(training, [])
                known.append(trial)
                if training in found:
                    wanted += plans(follow(trial, found[training]))
                elif known == [trial]:
                    wanted.append(training)
            on_total(len(trials_of))
            return wanted

        def finished(outcome: Outcome) -> list[Training]:
            found[outcome.training] = outcome
            return plans([more for trial in trials_of[outcome.training] for more in follow(trial, outcome)])

        run_study(plans(first), settings, execution, on_finish, finished)

    return tune(optimizer, settings, run)


def expected_trials(optimizer: str, settings: Settings) -> int:
    """Return how many trials a search has if no range must be widened."""
    row = settings.optimizer(optimizer)
    each = settings.tuning.points + (row.default_learning_rate is not None)
    return each * len(settings.searched_problems_of(optimizer))


class _Search:
    """The search of one optimizer on one problem."""

    def __init__(
        self,
        problem: str,
        spaces: Mapping[str, Space],
        default: Setting | None,
        tuning: TuningSettings,
        measure: MeasureName,
    ) -> None:
        self._problem = problem
        self._spaces = spaces
        self._default = default
        self._tuning = tuning
        self._measure = measure
        self._asked: list[Trial] = []
        self._found: dict[Trial, Outcome] = {}
        self._widened: str | None = None

    def first(self) -> list[Trial]:
        """Return the trials to begin with: the default setting, and the points of the hypercube."""
        points = unit_points(self._tuning.points, self._tuning.seed)
        self._asked = [self._trial(number, point) for number, point in enumerate(points)]
        if self._default is not None:
            self._asked.insert(0, Trial(self._problem, None, self._default))
        return list(self._asked)

    def take(self, trial: Trial, outcome: Outcome) -> list[Trial]:
        """Take over an outcome; return the trials to add once the best lies on the border of the rate's range."""
        self._found[trial] = outcome
        if len(self._found) < len(self._asked) or self._widened is not None:
            return []
        self._widened = self._side(self._points())
        further = self._beyond(self._widened) if self._widened else []
        self._asked += further
        return further

    def _beyond(self, side: str) -> list[Trial]:
        """Return further points, their rates within a decade beyond the border; all else as before."""
        points = unit_points(self._tuning.points_beyond, self._tuning.seed)
        decade = 1 / (self._spaces[LEARNING_RATE].decades or 1)
        trials = []
        for number, (place, *others) in enumerate(points, start=self._tuning.points):
            moved = 1 + place * decade if side == "high" else -place * decade
            trials.append(self._trial(number, [moved, *others]))
        return trials

    def _trial(self, number: int, point: Sequence[float]) -> Trial:
        values = values_at(self._spaces, point)
        return Trial(self._problem, number, Setting(values.pop(LEARNING_RATE), values))

    def _points(self) -> list[Trial]:
        """Return the trials that may be chosen, the best first: the default setting is shown, but not in the budget."""
        points = [trial for trial in self._found if trial.number is not None]
        return sorted(points, key=lambda trial: merit.order(self._found[trial], self._measure), reverse=True)

    def _side(self, ranked: Collection[Trial]) -> str | None:
        """Return on which side of all rates tried the best one lies, or None."""
        best = next(iter(ranked)).setting.learning_rate
        rates = [trial.setting.learning_rate for trial in ranked]
        return "low" if best == min(rates) else "high" if best == max(rates) else None

    def outcomes(self) -> list[Outcome]:
        """Return the outcomes in the order in which the trials were asked for."""
        return [self._found[trial] for trial in self._asked]

    def choice(self) -> Choice:
        ranked = self._points()
        best = self._found[ranked[0]]
        return Choice(
            survivors=tuple(trial.setting for trial in ranked[: self._tuning.survivors]),
            validation_accuracy=merit.accuracy(best),
            validation_loss=best.last.validation_loss,
            trials=len(ranked),
            widened=self._widened,
            on_edge=self._side(ranked) is not None,
        )


def summary(optimizer: str, problem: str, choice: Choice, measure: MeasureName = "accuracy") -> str:
    """Say in a line what a search found."""
    found = choice.survivors[0]
    others = "".join(f", {name} {value:g}" for name, value in found.arguments.items())
    reached = merit.in_words([choice.validation_accuracy], [choice.validation_loss], measure)
    edge = "; still on the border of the range" if choice.on_edge else ""
    widened = f"; the range was widened once ({choice.widened})" if choice.widened else ""
    return (
        f"{optimizer} on {problem}: learning rate {found.learning_rate:g}{others} is the best of {choice.trials} "
        f"settings ({reached}{widened}{edge})"
    )
