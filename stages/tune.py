"""Search an optimizer's learning rate on every problem: ``python -m stages.tune OPTIMIZER``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline import tuning
from pipeline.console import quiet
from pipeline.prepared import reader
from pipeline.project import errors, paths
from pipeline.running import hardware, outputs, pool, refusals, rows
from pipeline.running import settings as execution_settings
from pipeline.running.planning import plan
from pipeline.running.trainings import run_study
from pipeline.settings import loading
from pipeline.tracking.observer import observed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.training.record import Outcome, Training
    from pipeline.tuning import Trial


def main(optimizer: str) -> None:
    """Write every trial and the chosen learning rates."""
    pool.start_server()
    settings, execution = loading.load(), execution_settings.load()
    row = settings.optimizer(optimizer)
    digests = {name: reader.describe(paths.learning(settings.data_of(name))).digest for name in settings.problems}
    chosen = {name: hardware.resolve(settings, problem) for name, problem in settings.problems.items()}
    expected = tuning.expected_trials(optimizer, settings)
    asked = 0
    with observed("tune", optimizer, expected, settings, execution.worker_count()) as watch:
        rows.check(settings)

        def planned(problem: str, rate: float) -> Training:
            return plan(
                "tune",
                optimizer,
                row,
                problem,
                settings.problems[problem],
                learning_rate=rate,
                seed=settings.tuning.seed,
                data=digests[problem],
                hardware=chosen[problem],
            )

        def plans(trials: Sequence[Trial]) -> list[Training]:
            nonlocal asked
            asked += len(trials)
            watch.bar.set_total(max(expected, asked))
            return [planned(*trial) for trial in trials]

        def run(
            first: Sequence[Trial], follow: Callable[[Outcome], Sequence[Trial]], likely: Callable[[], Trial | None]
        ) -> None:
            def guess() -> Training | None:
                trial = likely()
                return None if trial is None else planned(*trial)

            run_study(plans(first), settings, execution, watch.finished, lambda outcome: plans(follow(outcome)), guess)

        trials, choices = tuning.tune(optimizer, settings, run)
        outputs.write_search(optimizer, trials, choices)
        for problem, choice in choices.items():
            watch.bar.say(tuning.summary(optimizer, problem, choice))


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message(), refusals.in_words():
        main(sys.argv[1])
