"""Search an optimizer's learning rate on every problem: ``python -m stages.tune OPTIMIZER``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline import config, errors, hardware, noise, outputs, paths, running, tuning
from pipeline.data import prepared
from pipeline.progress import progress
from pipeline.records import plan
from pipeline.timing import stage_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.records import Outcome, Training


def main(optimizer: str) -> None:
    """Write every trial and the chosen learning rates."""
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

        def plans(rates: Sequence[tuple[str, float]]) -> list[Training]:
            nonlocal asked
            asked += len(rates)
            bar.set_total(max(expected, asked))
            return [
                plan(
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
                for problem, rate in rates
            ]

        def run(first: Sequence[tuple[str, float]], follow: Callable[[Outcome], Sequence[tuple[str, float]]]) -> None:
            running.run(settings, plans(first), bar, record, spent, lambda outcome: plans(follow(outcome)))

        trials, choices = tuning.tune(optimizer, settings, run)
        outputs.write_search(optimizer, trials, choices)
        for problem, choice in choices.items():
            bar.say(tuning.summary(optimizer, problem, choice))


if __name__ == "__main__":
    noise.hush()
    with errors.one_message():
        main(sys.argv[1])
