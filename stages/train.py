"""Train an optimizer at its tuned learning rate with fresh seeds: ``python -m stages.train OPTIMIZER``."""

from __future__ import annotations

import sys

from pipeline import config, errors, hardware, noise, outputs, paths, running
from pipeline.data import prepared
from pipeline.progress import progress
from pipeline.records import Training, plan, summary
from pipeline.timing import stage_time


def main(optimizer: str) -> None:
    """Write the records, histories and weights of all seeds."""
    settings = config.load()
    trainings = [
        training for problem in settings.problems_of(optimizer) for training in _plans(settings, optimizer, problem)
    ]
    with (
        stage_time(f"train@{optimizer}") as spent,
        progress(f"train {optimizer}", len(trainings), "trainings") as bar,
    ):
        outcomes = running.run(settings, trainings, bar, running.tracker(settings), spent)
        outputs.write_trainings(optimizer, outcomes)
        for problem in settings.problems_of(optimizer):
            bar.say(summary(optimizer, problem, outcomes))


def _plans(settings: config.Settings, optimizer: str, problem: str) -> list[Training]:
    rate = outputs.read_choice(optimizer, problem)["learning_rate"]
    digest = prepared.describe(paths.learning(problem)).digest
    chosen = hardware.resolve(settings, settings.problems[problem])
    return [
        plan(
            "train",
            optimizer,
            settings.optimizer(optimizer),
            problem,
            settings.problems[problem],
            learning_rate=rate,
            seed=seed,
            data=digest,
            hardware=chosen,
        )
        for seed in settings.seeds(problem)
    ]


if __name__ == "__main__":
    noise.hush()
    with errors.one_message():
        main(sys.argv[1])
