"""What the DVC outputs hold, read back: trials, choices, trainings and their weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pipeline.project import files, paths, seals
from pipeline.project.errors import DataError
from pipeline.training.record import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np


@dataclass(frozen=True)
class Setting:
    """What a search tries: a learning rate, and the searched arguments by their names in the row's ``search``."""

    learning_rate: float
    arguments: dict[str, float] = field(default_factory=dict, hash=False)

    @property
    def others(self) -> str:
        """The searched arguments as text, such as ``beta1=0.904 eps=1.2e-05``."""
        return " ".join(f"{name}={value:g}" for name, value in self.arguments.items())


@dataclass(frozen=True)
class Choice:
    """The result of a search."""

    survivors: tuple[Setting, ...]  # the best settings, the best first
    # of the best with the tuning seed: accuracy (fraction), and loss, None where every trial diverged
    validation_accuracy: float | None  # a regression has none
    validation_loss: float | None
    trials: int  # number of settings tried, without the default one
    widened: str | None  # on which side (low, high) the range of learning rates was widened
    # The best rate is the lowest or highest tried, also after widening, so a better one may lie beyond.
    on_edge: bool

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Choice:
        """Read what `dataclasses.asdict` gives."""
        return cls(**{**content, "survivors": tuple(Setting(**setting) for setting in content["survivors"])})


def write_search(optimizer: str, trials: Mapping[str, Sequence[Outcome]], choices: Mapping[str, Choice]) -> None:
    """Write an optimizer's search: every trial, and the choice by problem."""
    records = [outcome.to_json() for problem in trials for outcome in trials[problem]]
    files.write_json(paths.trials(optimizer), records)
    files.write_json(paths.choice(optimizer), {problem: asdict(choice) for problem, choice in choices.items()})
    seals.seal(paths.TUNE / optimizer)


def read_trials(optimizer: str) -> list[Outcome]:
    """Read every trial of an optimizer, problem by problem, in the order in which they were asked for."""
    return _outcomes(paths.trials(optimizer))


def read_choices(optimizer: str, problems: Iterable[str]) -> dict[str, Choice]:
    """Read the results of an optimizer's searches, by problem; the file is opened once."""
    choices = files.read_json(_existing(paths.choice(optimizer)))
    missing = next((problem for problem in problems if problem not in choices), None)
    if missing is not None:
        raise DataError(f"{paths.choice(optimizer)} has no {missing}: run `dvc repro`.")
    return {problem: Choice.from_json(choices[problem]) for problem in problems}


def write_trainings(optimizer: str, outcomes: Sequence[Outcome]) -> None:
    """Write an optimizer's final trainings: the records, and one file of weights per problem."""
    files.write_json(paths.trainings(optimizer), [outcome.to_json() for outcome in outcomes])
    for problem in dict.fromkeys(outcome.training.problem for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.training.problem == problem]
        write_weights(paths.weights(optimizer, problem), own)
    seals.seal(paths.TRAIN / optimizer)


def write_weights(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Write the weights of one problem's trainings to one file, by the training's key and parameter name."""
    tensors = {
        f"{outcome.key}/{name}": array for outcome in outcomes for name, array in (outcome.weights or {}).items()
    }
    files.write_tensors(path, tensors)


def read_trainings(optimizer: str) -> list[Outcome]:
    """Read the records of an optimizer's final trainings: by problem, surviving setting and seed, in that order."""
    return _outcomes(paths.trainings(optimizer))


def read_trainings_with_weights(optimizer: str) -> list[Outcome]:
    """Read the final trainings together with their weights."""
    outcomes = read_trainings(optimizer)
    problems = dict.fromkeys(outcome.training.problem for outcome in outcomes)
    weights = {problem: read_weights(optimizer, problem) for problem in problems}
    return [replace(outcome, weights=weights[outcome.training.problem][outcome.key]) for outcome in outcomes]


def read_weights(optimizer: str, problem: str) -> dict[str, dict[str, np.ndarray]]:
    """Read the weights of all final trainings: by the training's key, by parameter name."""
    return split_by_key(files.read_tensors(weights_of(optimizer, problem)))


def weights_of(optimizer: str, problem: str) -> Path:
    """Return the file with the weights of all final trainings, once it is known to be there and undamaged."""
    return _existing(paths.weights(optimizer, problem))


def split_by_key(tensors: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Turn names such as ``0a1b…/dense.0.bias`` into a mapping by the training's key."""
    weights: dict[str, dict[str, np.ndarray]] = {}
    for name, array in tensors.items():
        key, _, parameter = name.partition("/")
        weights.setdefault(key, {})[parameter] = array
    return weights


def _outcomes(path: Path) -> list[Outcome]:
    records = files.read_json(_existing(path))
    try:
        return [Outcome.from_json(record) for record in records]
    except (KeyError, TypeError):
        raise DataError(f"{path} was written by another version of the project: run `dvc repro`.") from None


def _existing(path: Path) -> Path:
    if not path.exists():
        raise DataError(f"{path} is missing: run `dvc repro` to make it, or `dvc checkout` if it was made before.")
    seals.check(path.parent, path.name)
    return path
