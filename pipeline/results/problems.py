"""``results/problems.json``: what the problems are, as stage ``prepare`` measured their data."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class ProblemFacts(Record):
    """What a problem's examples are.

    Attributes
    ----------
    data
        Name of the data set.
    shape, classes
        Of one input (height, width, channels); the names of the classes in the order of their labels.
    counts
        Number of examples of each part: ``train``, ``validation``, ``test``.
    validation_fraction, split_seed
        How the published training examples were split.
    white
        The largest stored value of the training inputs.
    notes
        Of sparse inputs: ``share_of_zeros``, ``share_of_rare_words``.
    """

    title: str
    description: str
    data: str
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
