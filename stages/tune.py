"""Search an optimizer's settings on every problem: ``python -m stages.tune OPTIMIZER``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline import tuning
from pipeline.console import quiet
from pipeline.prepared import reader
from pipeline.project import errors, paths
from pipeline.running import outputs, pool, refusals, rows
from pipeline.running import settings as execution_settings
from pipeline.running.planning import plan
from pipeline.running.trainings import run_study
from pipeline.settings import loading
from pipeline.tracking.observer import observed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.training.record import Training
    from pipeline.tuning import Follow, Trial


def main(optimizer: str) -> None:
    """Write every trial and the settings that survive."""
    pool.start_server()
    settings, execution = loading.load(), execution_settings.load()
    digests = {
        name: reader.describe(paths.learning(settings.data_of(name))).digest
        for name in settings.searched_problems_of(optimizer)
    }
    expected = tuning.expected_trials(optimizer, settings)
    trial_of: dict[Training, Trial] = {}
    with observed("tune", optimizer, expected, settings, execution.worker_count()) as watch:
        rows.check(settings)

        def plans(trials: Sequence[Trial]) -> list[Training]:
            wanted = {planned(trial): trial for trial in trials}
            trial_of.update(wanted)
            watch.bar.set_total(max(expected, len(trial_of)))
            return list(wanted)

        def planned(trial: Trial) -> Training:
            seed, data = settings.tuning.seed, digests[trial.problem]
            return plan("tune", settings, optimizer, trial.problem, setting=trial.setting, seed=seed, data=data)

        def run(first: Sequence[Trial], follow: Follow) -> None:
            run_study(
                plans(first),
                settings,
                execution,
                watch.finished,
                lambda outcome: plans(follow(trial_of[outcome.training], outcome)),
            )

        outcomes, choices = tuning.tune(optimizer, settings, run)
        outputs.write_search(optimizer, outcomes, choices)
        for problem, choice in choices.items():
            watch.bar.say(tuning.summary(optimizer, problem, choice, settings.problems[problem].measure))


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message(), refusals.in_words():
        main(sys.argv[1])
