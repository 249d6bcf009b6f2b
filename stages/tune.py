"""Search an optimizer's settings on every problem: ``python -m stages.tune OPTIMIZER``."""

from __future__ import annotations

import sys

from pipeline import tuning
from pipeline.console import quiet
from pipeline.prepared import reader
from pipeline.project import errors, paths
from pipeline.running import outputs, refusals
from pipeline.running import settings as execution_settings
from pipeline.settings import loading
from pipeline.tracking.observer import observed


def main(optimizer: str) -> None:
    """Write every trial and the settings that survive."""
    settings, execution = loading.load(), execution_settings.load()
    digests = {
        name: reader.describe(paths.learning(settings.data_of(name))).digest
        for name in settings.searched_problems_of(optimizer)
    }
    expected = tuning.expected_trials(optimizer, settings)
    with observed("tune", optimizer, expected, settings, execution.worker_count()) as watch:
        outcomes, choices = tuning.trained(optimizer, settings, execution, digests, watch.finished, watch.bar.set_total)
        outputs.write_search(optimizer, outcomes, choices)
        for problem, choice in choices.items():
            watch.bar.say(tuning.summary(optimizer, problem, choice, settings.problems[problem].measure))


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message(), refusals.in_words():
        main(sys.argv[1])
