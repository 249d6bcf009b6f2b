"""Search an optimizer's learning rate on every problem: ``python -m stages.tune OPTIMIZER``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline import config, errors, execution, hardware, noise, outputs, paths, running, tuning
from pipeline.data import prepared
from pipeline.progress import progress
from pipeline.records import plan
from pipeline.timing import stage_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.records import Outcome, Training
    from pipeline.tuning import Trial


def main(optimizer: str) -> None:
    """Write every trial and the chosen learning rates."""
    execution.start_server()
    settings = config.load()
    row = settings.optimizer(optimizer)
    digests = {name: prepared.describe(paths.learning(name)).digest for name in settings.problems}
    chosen = {name: hardware.resolve(settings, problem) for name, problem in settings.problems.items()}
    expected = tuning.expected_trials(optimizer, settings)
    asked = 0
    with (
        stage_time(f"tune@{optimizer}") as spent,
        progress(f"tune {optimizer}", expected, "trainings") as bar,
    ):
        record = running.tracker(settings)
        running.check(settings)

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
            bar.set_total(max(expected, asked))
            return [planned(*trial) for trial in trials]

        def run(
            first: Sequence[Trial], follow: Callable[[Outcome], Sequence[Trial]], likely: Callable[[], Trial | None]
        ) -> None:
            def guess() -> Training | None:
                trial = likely()
                return None if trial is None else planned(*trial)

            running.run(settings, plans(first), bar, record, spent, lambda outcome: plans(follow(outcome)), guess)

        trials, choices = tuning.tune(optimizer, settings, run)
        outputs.write_search(optimizer, trials, choices)
        for problem, choice in choices.items():
            bar.say(tuning.summary(optimizer, problem, choice))


if __name__ == "__main__":
    noise.hush()
    with errors.one_message():
        main(sys.argv[1])
