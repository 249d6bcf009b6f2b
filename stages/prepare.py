"""Split and measure the examples of a data set: ``python -m stages.prepare NAME``."""

from __future__ import annotations

import sys

from pipeline.console import quiet
from pipeline.console.timing import stage_time
from pipeline.data import preparing, problems
from pipeline.data import settings as data_settings
from pipeline.project import errors, paths


def main(name: str) -> None:
    """Write the learning part and the test part of a data set."""
    settings = data_settings.load()
    row, dataset = settings.of(name), problems.by_name(name)
    raw = paths.raw(dataset.ARCHIVE) if dataset.ARCHIVE else paths.RAW
    with stage_time(f"prepare@{name}"):
        found = preparing.prepare(
            dataset,
            dataset.load(raw),
            row.validation_fraction,
            settings.split_seed,
            paths.learning(name),
            paths.test(name),
        )
    counts = [f"{count:,} {part}" for part, count in found.counts.items()]
    notes = [f"{note.replace('_', ' ')} {value:.1%}" for note, value in found.notes.items()]
    print(f"prepare {name}: {', '.join(counts + notes)}")


if __name__ == "__main__":
    quiet.hush()
    with errors.one_message():
        main(sys.argv[1])
