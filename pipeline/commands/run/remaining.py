"""The trainings that a study still has to do: all that its stages will ask for and the memo does not hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline import tuning
from pipeline.running import memo, outputs
from pipeline.running.key import code_fingerprint, key_of
from pipeline.running.planning import final_trainings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipeline.commands.run.flow import Flow
    from pipeline.running.outputs import Choice
    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome, Training
    from pipeline.tuning import Follow, Trial


@dataclass(frozen=True)
class Remaining:
    """Trainings of one optimizer on one problem that a stage has still to do."""

    stage: str  # such as ``tune@adam``
    problem: str
    optimizer: str
    trainings: int


class _SearchGoesOn(Exception):  # noqa: N818 - no error: a search cannot end before its trials are done
    pass


@dataclass(frozen=True)
class Finished:
    """The trainings that are done: those in the memo."""

    folder: Path

    def outcome(self, training: Training) -> Outcome | None:
        """Return a training's outcome, or None where it is still to do."""
        return memo.recall(self.folder, key_of(training, code_fingerprint()))

    def holds(self, training: Training) -> bool:
        """Return whether a training is done, without opening its file."""
        return memo.place(self.folder, key_of(training, code_fingerprint())).exists()


@dataclass(frozen=True)
class Replay:
    """A search, as far as its trials are done; `choices` by problem, empty while one of them is missing."""

    known: int
    missing: Counter[str]  # by problem
    choices: dict[str, Choice]


def replayed(optimizer: str, settings: Settings, digests: Mapping[str, str], finished: Finished) -> Replay:
    """Repeat an optimizer's search with the trials that are done, without training anything."""
    missing: Counter[str] = Counter()
    known = 0

    def run(first: Sequence[Trial], follow: Follow) -> None:
        nonlocal known
        waiting = list(first)
        while waiting:
            trial = waiting.pop()
            outcome = finished.outcome(tuning.planned(optimizer, settings, trial, digests[trial.problem]))
            if outcome is None:
                missing[trial.problem] += 1
            else:
                known += 1
                waiting += follow(trial, outcome)
        if missing:
            raise _SearchGoesOn

    try:
        _, choices = tuning.tune(optimizer, settings, run)
    except _SearchGoesOn:
        return Replay(known, missing, {})
    return Replay(known, missing, choices)


def expected_finals(problem: str, settings: Settings) -> int:
    """Return how many final trainings an optimizer has on a problem: as many settings as survive, with every seed."""
    return min(settings.tuning.survivors, settings.tuning.points) * len(settings.seeds(problem))


def remaining(settings: Settings, digests: Mapping[str, str], folder: Path, flow: Flow) -> list[Remaining]:
    """Count the trainings that are still to do, by stage and problem.

    Parameters
    ----------
    digests
        By problem: the SHA-256 of its prepared examples.
    folder
        The memo.
    flow
        What DVC knows: an optimizer whose stages are not stale has nothing to do.
    """
    found = []
    for optimizer in settings.optimizers:
        tune, train = f"tune@{optimizer}", f"train@{optimizer}"
        searches = flow.is_stale(tune, after=("fetch", "prepare"))
        if not searches and train not in flow.stale:
            continue
        work = _Work(settings, optimizer, digests, Finished(folder))
        replay = replayed(optimizer, settings, digests, work.finished) if searches else None
        if replay is not None:
            found += [Remaining(tune, problem, optimizer, count) for problem, count in replay.missing.items()]
        choices = work.choices() if replay is None else replay.choices
        counts = {problem: work.trainings(problem, choices) for problem in settings.problems_of(optimizer)}
        found += [Remaining(train, problem, optimizer, count) for problem, count in counts.items() if count]
    return found


@dataclass(frozen=True)
class _Work:
    """The work of one optimizer."""

    settings: Settings
    optimizer: str
    digests: Mapping[str, str]
    finished: Finished

    def choices(self) -> dict[str, Choice]:
        """Read the results of searches that DVC knows to be up to date."""
        return outputs.read_choices(self.optimizer, self.settings.searched_problems_of(self.optimizer))

    def trainings(self, problem: str, choices: Mapping[str, Choice]) -> int:
        """Return how many final trainings of a problem are missing: all of them while its search goes on."""
        row = self.settings.problems[problem]
        if not row.untuned and (row.tuned_on or problem) not in choices:
            return expected_finals(problem, self.settings)
        finals = final_trainings(self.settings, self.optimizer, problem, choices, self.digests[problem])
        return sum(not self.finished.holds(training) for training in finals)
