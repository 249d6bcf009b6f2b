"""``results/problems.json``: what the problems are, as stage ``prepare`` measured their data."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class ProblemFacts(Record):
    """What a problem's examples are; see `pipeline.prepared.reader.Description`."""

    title: str
    description: str
    data: str  # name of the data set
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    counts: dict[str, int]
    validation_fraction: float
    split_seed: int
    white: int
    notes: dict[str, float] = {}


class Problems(Document):
    """What the problems are, by name."""

    PATH = Path("results/problems.json")

    problems: dict[str, ProblemFacts]
