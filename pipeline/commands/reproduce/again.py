"""Recorded rows trained and measured again, in a scratch folder: no finished training is taken from the memo."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.compare import needs
from pipeline.commands.compare.work import Work, measured
from pipeline.commands.reproduce.recorded import rows_of
from pipeline.console.progress import progress
from pipeline.project import paths
from pipeline.running import pool, trainings
from pipeline.running import settings as execution_settings
from pipeline.running.planning import plan, short_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipeline.commands.reproduce.recorded import Row
    from pipeline.prepared.reader import Description
    from pipeline.settings.study import Settings
    from pipeline.training.record import Outcome, Training


def train(rows: Sequence[Row], settings: Settings, say: Callable[[str], None]) -> list[tuple[Row, Row]]:
    """Train the rows again with their recorded settings; return each with what came out.

    Parameters
    ----------
    say
        Gets a sentence on data that has to be fetched or prepared.
    """
    pool.start_server()
    described = {name: needs.prepared(name, settings, say) for name in dict.fromkeys(row.problem for row in rows)}
    with tempfile.TemporaryDirectory() as scratch:
        outcomes = finished([_training(row, settings, described) for row in rows], settings, Path(scratch))
        new = _measured(rows, outcomes, settings, described, Path(scratch))
    return [(row, new[row.problem, row.optimizer, row.seed]) for row in rows]


def finished(asked: Sequence[Training], settings: Settings, scratch: Path) -> list[Outcome]:
    """Do the trainings anew; `scratch` is a memo that knows none of them."""
    workers = execution_settings.load().worker_count()
    with progress("reproduce", len(asked), "trainings") as bar:
        return trainings.run(
            asked,
            lambda name: paths.learning(settings.data_of(name)),
            workers,
            scratch,
            lambda outcome, _: bar.advance(note=short_name(outcome.training)),
        )


def _training(row: Row, settings: Settings, described: dict[str, Description]) -> Training:
    data = described[row.problem].digest
    return plan("train", settings, row.optimizer, row.problem, setting=row.setting, seed=row.seed, data=data)


def _measured(
    rows: Sequence[Row],
    outcomes: Iterable[Outcome],
    settings: Settings,
    described: dict[str, Description],
    scratch: Path,
) -> dict[tuple[str, str, int], Row]:
    """Run the networks on the test examples, as stage ``evaluate`` does; by problem, optimizer and seed."""
    grouped: dict[str, dict[str, list[Outcome]]] = {}
    for outcome in outcomes:
        training = outcome.training
        grouped.setdefault(training.problem, {}).setdefault(training.optimizer, []).append(outcome)
    found = {}
    for problem, trained in grouped.items():
        work = Work(settings, problem, described, execution_settings.load())
        assessed = measured(work, trained, scratch)
        metrics = assessed.problem.metrics(assessed.assessments, {})
        for optimizer, own in trained.items():
            seeds = [outcome.training.seed for outcome in own]
            for row in rows_of(problem, optimizer, settings.optimizers[optimizer].label, seeds, metrics[optimizer]):
                found[problem, optimizer, row.seed] = row
    return found
