"""``results/problems.json``: what the problems are, as stage ``prepare`` measured their data."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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
    task: Literal["classification", "regression", "next_token"] = "classification"
    measure: Literal["accuracy", "loss"] = "accuracy"  # what the search, the champion and the ranking go by

    @property
    def loss_unit(self) -> str:
        """What the loss is measured in; a regression's targets have a variance of 1."""
        return "squared error" if self.task == "regression" else "nats"


class Problems(Document):
    """What the problems are, by name."""

    PATH = Path("results/problems.json")

    problems: dict[str, ProblemFacts]
