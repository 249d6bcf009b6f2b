"""Train an optimizer's surviving settings with fresh seeds: ``python -m stages.train OPTIMIZER``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline.console import quiet
from pipeline.prepared import reader
from pipeline.project import errors, paths
from pipeline.running import outputs, refusals
from pipeline.running import settings as execution_settings
from pipeline.running.planning import all_final_trainings, summary
from pipeline.running.trainings import run_study
from pipeline.settings import loading
from pipeline.tracking.observer import observed

if TYPE_CHECKING:
    from pipeline.settings.study import Settings
    from pipeline.training.record import Training


def main(optimizer: str) -> None:
    """Write the records, histories and weights of all seeds."""
    settings, execution = loading.load(), execution_settings.load()
    trainings = _plans(settings, optimizer)
    with observed("train", optimizer, len(trainings), settings, execution.worker_count()) as watch:
        outcomes = run_study(trainings, settings, execution, watch.finished)
        outputs.write_trainings(optimizer, outcomes)
        for problem in settings.problems_of(optimizer):
            watch.bar.say(summary(optimizer, problem, outcomes, settings.problems[problem].measure))


def _plans(settings: Settings, optimizer: str) -> list[Training]:
    choices = outputs.read_choices(optimizer, settings.searched_problems_of(optimizer))
    digests = {
        problem: reader.describe(paths.learning(settings.data_of(problem))).digest
        for problem in settings.problems_of(optimizer)
    }
    return all_final_trainings(settings, optimizer, choices, digests)


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message(), refusals.in_words():
        main(sys.argv[1])
