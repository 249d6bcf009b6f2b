"""The learning-rate search: the same budget for every optimizer, judged on validation examples only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pipeline.running import merit
from pipeline.running.outputs import Choice
from pipeline.running.planning import plan
from pipeline.running.trainings import run_study

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pipeline.running.settings import ExecutionSettings
    from pipeline.settings.study import MeasureName, Settings, TuningSettings
    from pipeline.training.record import Outcome, Training


@dataclass(frozen=True)
class Trial:
    """A point of a problem's grid, so many steps above the centre of the optimizer's row."""

    problem: str
    step: int
    learning_rate: float


Follow: TypeAlias = "Callable[[Trial, Outcome], Sequence[Trial]]"
Run: TypeAlias = "Callable[[Sequence[Trial], Follow, Callable[[], Trial | None]], object]"
Found: TypeAlias = "tuple[dict[str, list[Outcome]], dict[str, Choice]]"


def rate_at(centre: float, step: int, points_per_decade: int) -> float:
    """Return the learning rate that lies `step` grid steps above the centre, to three significant digits."""
    return float(f"{centre * 10 ** (step / points_per_decade):.3g}")


def steps_around(step: int, points: int) -> range:
    """Return as many grid steps as there are points, `step` in their centre (or just above it)."""
    return range(step - points // 2, step - points // 2 + points)


def tune(optimizer: str, settings: Settings, run: Run) -> Found:
    """Search the best learning rate of an optimizer for every problem that it takes part in.

    A problem that starts from another's tuned value (``tuned_on``) begins as soon as that is found.

    Parameters
    ----------
    run
        Trains; called once, so that all problems share the workers. Gets the first trials; a function that takes
        every trial with its outcome, in any order, and returns the trials to add because of it; and one that returns
        a trial that will probably be added (or None), for a worker that has nothing to do.

    Returns
    -------
    tuple of dict
        By problem: the outcomes of all trials in ascending order of the learning rate, and the choice.
    """
    tuning = settings.tuning
    problems = {name: settings.problems[name] for name in settings.problems_of(optimizer)}
    independent = [name for name, problem in problems.items() if not problem.tuned_on]
    dependent = [name for name, problem in problems.items() if problem.tuned_on]

    def heirs(source: str, best: int) -> dict[str, range]:
        # steps from the same centre, so that both problems try the same learning rates
        points = {name: 2 * problems[name].neighbours + 1 for name in dependent if problems[name].tuned_on == source}
        return {name: steps_around(best, count) for name, count in points.items()}

    # those that others wait for come first
    sources = {problem.tuned_on for problem in problems.values()}
    urgent_first = sorted(independent, key=lambda name: name not in sources)
    grids = {name: steps_around(0, tuning.points) for name in urgent_first}
    centre = settings.optimizer(optimizer).learning_rate_centre
    outcomes, choices = search(centre, grids, tuning, run, heirs, lambda name: problems[name].measure)
    order = independent + dependent
    return {name: outcomes[name] for name in order}, {name: choices[name] for name in order}


def planned(optimizer: str, settings: Settings, trial: Trial, data: str) -> Training:
    """Return the training of a trial; `data` is the SHA-256 of the problem's prepared examples."""
    rate, seed = trial.learning_rate, settings.tuning.seed
    return plan("tune", settings, optimizer, trial.problem, learning_rate=rate, seed=seed, data=data)


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
        Called with the number of trials, whenever it grows.
    """
    expected = expected_trials(optimizer, settings)
    trial_of: dict[Training, Trial] = {}

    def training(trial: Trial) -> Training:
        return planned(optimizer, settings, trial, digests[trial.problem])

    def plans(trials: Sequence[Trial]) -> list[Training]:
        wanted = {training(trial): trial for trial in trials}
        trial_of.update(wanted)
        on_total(max(expected, len(trial_of)))
        return list(wanted)

    def run(first: Sequence[Trial], follow: Follow, likely: Callable[[], Trial | None]) -> None:
        run_study(
            plans(first),
            settings,
            execution,
            on_finish,
            lambda outcome: plans(follow(trial_of[outcome.training], outcome)),
            lambda: None if (trial := likely()) is None else training(trial),
        )

    return tune(optimizer, settings, run)


def expected_trials(optimizer: str, settings: Settings) -> int:
    """Return how many trials a search has if no grid must be extended."""
    problems = [settings.problems[name] for name in settings.problems_of(optimizer)]
    return sum(2 * p.neighbours + 1 if p.tuned_on else settings.tuning.points for p in problems)


def search(
    centre: float,
    grids: Mapping[str, range],
    tuning: TuningSettings,
    run: Run,
    heirs: Callable[[str, int], Mapping[str, range]] = lambda problem, best: {},
    measure: Callable[[str], MeasureName] = lambda problem: "accuracy",
) -> Found:
    """Search several problems at once, each at its own pace; the results are as of `tune`.

    The grid of a problem whose best lies on an edge grows by a point beyond that edge, again and again, at most
    ``max_extensions`` times. `heirs` gets a problem and its best step, and returns the grids that begin from there;
    `measure` returns what a problem's trials are judged by.
    """
    searches: dict[str, _Search] = {}

    def trials(problem: str, steps: Sequence[int]) -> list[Trial]:
        return [Trial(problem, step, rate_at(centre, step, tuning.points_per_decade)) for step in steps]

    def begin(some: Mapping[str, range]) -> list[Trial]:
        for problem, steps in some.items():
            searches[problem] = _Search(steps, tuning.max_extensions, measure(problem))
        return [trial for problem, steps in some.items() for trial in trials(problem, steps)]

    def follow(trial: Trial, outcome: Outcome) -> list[Trial]:
        own = searches[trial.problem]
        further = own.take(trial.step, outcome)
        return trials(trial.problem, further) if own.pending else begin(heirs(trial.problem, own.best))

    def likely() -> Trial | None:
        guesses = (trial for problem, own in searches.items() for trial in trials(problem, own.likely()))
        return next(guesses, None)

    if grids:
        run(begin(grids), follow, likely)
    outcomes = {problem: [own.found[step] for step in sorted(own.found)] for problem, own in searches.items()}
    return outcomes, {problem: own.choice() for problem, own in searches.items()}


class _Search:
    """What to try next on one problem, given what was tried, in grid steps."""

    def __init__(self, steps: range, extensions: int, measure: MeasureName) -> None:
        self._asked = list(steps)
        self._extensions = extensions  # how many are left
        self._measure = measure
        self.found: dict[int, Outcome] = {}

    @property
    def pending(self) -> bool:
        """Whether trials are under way."""
        return len(self.found) < len(self._asked)

    @property
    def best(self) -> int:
        # the smallest learning rate among equals: it is also the one to extend from if all of them diverged
        return max(self.found, key=lambda step: (*_merit(self.found[step], self._measure), -step))

    def take(self, step: int, outcome: Outcome) -> list[int]:
        """Take over a trial; return the step to try once all pending trials are finished."""
        self.found[step] = outcome
        further = [] if self.pending else self._extension()
        self._asked += further
        self._extensions -= len(further)
        return further

    def likely(self) -> list[int]:
        """Return the step to try next if none of the pending trials is the best."""
        return self._extension() if self.pending and self.found else []

    def _extension(self) -> list[int]:
        return self._beyond(self._asked) if self._extensions else []

    def _beyond(self, steps: Collection[int]) -> list[int]:
        """Return the step beyond the edge of `steps` on which the best trial lies, if it lies on one."""
        if self.best == min(steps):
            return [self.best - 1]
        return [self.best + 1] if self.best == max(steps) else []

    def choice(self) -> Choice:
        outcome = self.found[self.best]
        return Choice(
            learning_rate=outcome.training.learning_rate,
            validation_accuracy=merit.accuracy(outcome),
            validation_loss=outcome.last.validation_loss,
            trials=len(self.found),
            on_edge=bool(self._beyond(self.found)),
        )


def _merit(outcome: Outcome, measure: MeasureName) -> tuple[float, float]:
    """Order trials: by the problem's measure first, then by lower validation loss."""
    loss = outcome.last.validation_loss
    return merit.score(outcome, measure), -loss if loss is not None else float("-inf")


def summary(optimizer: str, problem: str, choice: Choice, measure: MeasureName = "accuracy") -> str:
    """Say in a line what a search found."""
    edge = ", still on the edge of the grid" if choice.on_edge else ""
    reached = merit.in_words([choice.validation_accuracy], [choice.validation_loss], measure)
    return (
        f"{optimizer} on {problem}: learning rate {choice.learning_rate:g} of {choice.trials} tried ({reached}{edge})"
    )
