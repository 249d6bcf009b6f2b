"""All trainings of a study in one go, before the stages ask for them: ``python -m pipeline.commands.run.ahead``.

The stages then find them in the memo, and the examples must have been prepared.
Every stage that trains imports torch in three processes. That is nothing beside an hour of training, and more than half
of a study that takes a minute.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pipeline import tuning
from pipeline.commands.run.remaining import expected_finals
from pipeline.comparison import settings as comparison_settings
from pipeline.console import quiet
from pipeline.console.progress import progress
from pipeline.prepared import reader
from pipeline.project import ancestors, paths
from pipeline.project.errors import one_message
from pipeline.project.wording import counted
from pipeline.running import refusals
from pipeline.running import settings as execution_settings
from pipeline.running.planning import all_final_trainings, short_name
from pipeline.running.trainings import run_study
from pipeline.settings import loading

if TYPE_CHECKING:
    from pipeline.training.record import Outcome


def main() -> None:
    """Train what the study in the current folder asks for."""
    settings, execution = loading.load(), execution_settings.load()
    baseline = comparison_settings.load().baseline
    digests = {name: reader.describe(paths.learning(settings.data_of(name))).digest for name in settings.study}
    searches = {name: tuning.expected_trials(name, settings) for name in settings.optimizers}
    finals = sum(expected_finals(one, settings) for name in searches for one in settings.problems_of(name))
    with progress("all trainings", sum(searches.values()) + finals, "trainings") as bar:
        bar.begin(f"starting {counted(execution.worker_count(), 'worker')}")

        def finished(outcome: Outcome, fresh: bool) -> None:
            bar.advance(note=f"{outcome.training.optimizer}, {short_name(outcome.training)}")

        def searched(name: str, trials: int) -> None:
            searches[name] = trials
            bar.set_total(sum(searches.values()) + finals)

        # the baseline's take neither the shortest nor the longest time: the time left, told by them, is about right
        for optimizer in sorted(settings.optimizers, key=lambda name: name != baseline):
            on_total = partial(searched, optimizer)
            _, choices = tuning.trained(optimizer, settings, execution, digests, finished, on_total)
            trainings = all_final_trainings(settings, optimizer, choices, digests)
            run_study(trainings, settings, execution, finished)


if __name__ == "__main__":
    ancestors.end_with_those_above()
    quiet.hush()
    with one_message(), refusals.in_words():
        main()
