"""``results/champion.json``: the best network of each problem, chosen by validation accuracy."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class ChampionRecord(Record):
    """Who a champion is. The validation accuracy is a fraction, `key` the identity of its training."""

    label: str
    problem: str
    optimizer: str
    network: str
    learning_rate: float
    seed: int
    validation_accuracy: float
    key: str


class Champions(Document):
    """The best network, by problem."""

    PATH = Path("results/champion.json")

    problems: dict[str, ChampionRecord]
