"""Which column says what: the optimizer, the seed, and what else identifies a run, under the names that people use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.commands.judge.table import ResultsError, no_column, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# as trackers write them: params.optimizer, config/lr
_PREFIX = re.compile(r"^(params?|config|hparams?|tags|metrics)[./]")
_BETWEEN_WORDS = re.compile(r"[\s_./-]+")

# By role, the first name is ours.
SYNONYMS = {
    "optimizer": ("optimizer", "optimiser", "optim", "opt", "optimizer_name", "optimiser_name"),
    "seed": ("seed", "random_seed", "rng_seed", "random_state"),
    "problem": ("problem", "dataset", "data_set", "task"),
    "epoch": ("epoch", "step", "iteration"),
    "learning_rate": ("learning_rate", "lr", "learningrate", "initial_lr", "base_lr"),
}


@dataclass(frozen=True, slots=True)
class Requested:
    """What the user decided: columns by role, and the metric."""

    columns: dict[str, str | None] = field(default_factory=dict)
    metric: str | None = None


def plain(name: str) -> str:
    """Return a column's name as names are compared: ``params.Learning-Rate`` is ``learning_rate``."""
    return _BETWEEN_WORDS.sub("_", _PREFIX.sub("", name.casefold())).strip("_")


def assign(names: Collection[str], requested: Requested) -> dict[str, str]:
    """Return the column of each role that the table has one for."""
    chosen = {role: asked for role, asked in requested.columns.items() if asked is not None}
    taken = {role: pick(names, asked) for role, asked in chosen.items()}
    for role, known in SYNONYMS.items():
        others = [name for name in names if name not in taken.values() and not name.startswith("metrics.")]
        if role not in taken and (found := _known(others, role, known)):
            taken[role] = found
    return taken


def pick(names: Iterable[str], asked: str) -> str:
    """Return the column that a user means, in any case and with or without a tracker's prefix."""
    names = list(names)
    if asked in names:
        return asked
    same = [name for name in names if plain(name) == plain(asked)]
    if not same:
        raise ResultsError(f"{no_column(asked, names)}.")
    if len(same) > 1:
        raise ResultsError(f"{asked!r} could be {quoted(same)}: give its exact name.")
    return same[0]


def _known(names: Collection[str], role: str, known: Iterable[str]) -> str | None:
    for name in known:
        same = [other for other in names if plain(other) == name]
        if len(same) > 1:
            what = role.replace("_", " ")
            raise ResultsError(f"the {what} could be in {quoted(same)}: name one with {option(role)}.")
        if same:
            return same[0]
    return None


def option(role: str) -> str:
    """Return the command's option for a role."""
    return f"--{role.replace('_', '-')}-column"
