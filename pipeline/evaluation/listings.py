"""Every trial of the searches, and every training that was picked, as tidy tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.results import tables
from pipeline.running import merit
from pipeline.running.outputs import Setting
from pipeline.settings.spaces import searched_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.results.metrics import OptimizerMetrics
    from pipeline.running.outputs import Choice
    from pipeline.settings.study import OptimizerSettings
    from pipeline.training.record import Outcome

_WHOLE = ("number", "diverged_at", "survivor")
_MEASURED = ("validation_accuracy", "test_accuracy", "validation_loss", "test_loss", "train_loss")


def searches(
    trials: Sequence[Outcome],
    choices: Mapping[tuple[str, str], Choice],
    rows: Mapping[str, OptimizerSettings],
) -> pd.DataFrame:
    """Return every trial of the searches, with the columns of ``results/searches.csv``.

    Parameters
    ----------
    trials
        Those of a search in the order in which they were asked for: the default setting first, where the row has one.
    choices
        By problem and optimizer.
    rows
        By optimizer.
    """
    by_search: dict[tuple[str, str], list[Outcome]] = {}
    for trial in trials:
        by_search.setdefault((trial.training.problem, trial.training.optimizer), []).append(trial)
    found = [row for search, choice in choices.items() for row in _search(by_search[search], choice, rows[search[1]])]
    frame = pd.DataFrame(found, columns=list(tables.SEARCHES.columns))
    return frame.astype({**dict.fromkeys(_WHOLE, "Int64"), "validation_accuracy": float, "validation_loss": float})


def _search(trials: Sequence[Outcome], choice: Choice, row: OptimizerSettings) -> Iterator[dict[str, Any]]:
    first = 0 if row.default_learning_rate is None else -1
    for number, trial in enumerate(trials, start=first):
        training = trial.training
        is_default = number < 0
        arguments = {} if is_default else searched_in(training.row.arguments, row.search)
        setting = Setting(training.learning_rate, arguments)
        yield {
            "problem": training.problem,
            "optimizer": training.optimizer,
            "learning_rate": training.learning_rate,
            "arguments": setting.others,
            "number": None if is_default else number,
            "validation_accuracy": merit.accuracy(trial),
            "validation_loss": trial.last.validation_loss,
            "diverged_at": trial.diverged_at,
            "hopeless": trial.hopeless_at is not None,
            "survivor": choice.survivors.index(setting) if not is_default and setting in choice.survivors else None,
        }


def runs(picks: Mapping[tuple[str, str], Sequence[Outcome]], metrics: Mapping[str, Mapping[str, OptimizerMetrics]]) -> pd.DataFrame:
    """Return the training that each seed picked, with the columns of ``results/runs.csv``.

    Parameters
    ----------
    picks
        By problem and optimizer, in the order of the seeds.
    metrics
        By problem and optimizer.
    """
    rows = [
        {"problem": problem, "optimizer": optimizer, **row}
        for (problem, optimizer), own in picks.items()
        for row in _runs(own, metrics[problem][optimizer])
    ]
    return pd.DataFrame(rows, columns=list(tables.RUNS.columns))


def _runs(picks: Sequence[Outcome], found: OptimizerMetrics) -> Iterator[dict[str, Any]]:
    quantities = {name: getattr(found, name) for name in _MEASURED}
    for place, (outcome, survivor) in enumerate(zip(picks, found.search.picked, strict=True)):
        setting = found.search.survivors[survivor]
        yield {
            "seed": outcome.training.seed,
            "learning_rate": setting.learning_rate,
            "arguments": Setting(setting.learning_rate, setting.arguments).others,
            # a regression has no accuracy
            **{name: quantity.seeds[place] if quantity else None for name, quantity in quantities.items()},
            "diverged": outcome.diverged,
        }
