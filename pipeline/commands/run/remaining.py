"""The trainings that a study still has to do: all that its stages will ask for and the memo does not hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline import tuning
from pipeline.running import memo, outputs
from pipeline.running.key import code_fingerprint, key_of
from pipeline.running.outputs import Setting
from pipeline.running.planning import plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
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
        missing, choices = work.search() if searches else (Counter[str](), work.choices())
        found += [Remaining(tune, problem, optimizer, count) for problem, count in missing.items()]
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

    def search(self) -> tuple[Counter[str], dict[str, Choice]]:
        """Return how many trials are missing, by problem; and the results of the searches if none is."""
        missing: Counter[str] = Counter()

        def run(first: Sequence[Trial], follow: Follow) -> None:
            waiting = list(first)
            while waiting:
                trial = waiting.pop()
                digest = self.digests[trial.problem]
                outcome = self.finished.outcome(tuning.planned(self.optimizer, self.settings, trial, digest))
                if outcome is None:
                    missing[trial.problem] += 1
                else:
                    waiting += follow(trial, outcome)
            if missing:
                raise _SearchGoesOn

        try:
            _, choices = tuning.tune(self.optimizer, self.settings, run)
        except _SearchGoesOn:
            return missing, {}
        return missing, choices

    def trainings(self, problem: str, choices: Mapping[str, Choice]) -> int:
        """Return how many final trainings of a problem are missing: all of them while its search goes on."""
        row, seeds = self.settings.problems[problem], self.settings.seeds(problem)
        if row.untuned:
            default = self.settings.optimizer(self.optimizer).default_learning_rate
            return self._missing(problem, [] if default is None else [Setting(default)])
        choice = choices.get(row.tuned_on or problem)
        if choice is None:
            return min(self.settings.tuning.survivors, self.settings.tuning.points) * len(seeds)
        return self._missing(problem, choice.survivors)

    def _missing(self, problem: str, survivors: Sequence[Setting]) -> int:
        return sum(not self.finished.holds(training) for training in self._plans(problem, survivors))

    def _plans(self, problem: str, survivors: Sequence[Setting]) -> Iterator[Training]:
        for setting in survivors:
            for seed in self.settings.seeds(problem):
                data = self.digests[problem]
                yield plan("train", self.settings, self.optimizer, problem, setting=setting, seed=seed, data=data)
