"""Split and measure a problem's examples: ``python -m stages.prepare PROBLEM``."""

from __future__ import annotations

import sys

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.data import preparing, problems
from pipeline.data import settings as data_settings
from pipeline.project import errors, paths
from pipeline.settings import loading


def main(name: str) -> None:
    """Write the learning part and the test part of a problem's data."""
    settings = loading.load()
    problem = problems.by_name(name)
    raw = paths.raw(problem.ARCHIVE) if problem.ARCHIVE else paths.RAW
    with stage_time(f"prepare@{name}"):
        description = preparing.prepare(
            problem,
            problem.load(raw),
            settings.problems[name].validation_fraction,
            data_settings.load().split_seed,
            paths.learning(name),
            paths.test(name),
        )
    counts = [f"{count:,} {part}" for part, count in description.counts.items()]
    notes = [f"{note.replace('_', ' ')} {value:.1%}" for note, value in description.notes.items()]
    print(f"prepare {name}: {', '.join(counts + notes)}")


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main(sys.argv[1])
