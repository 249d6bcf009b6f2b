"""``results/champion.json``: the best network of each problem, chosen on validation examples."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document, Record


class ChampionRecord(Record):
    """Who a champion is. The validation accuracy is a fraction (a regression has none), `key` that of its training."""

    label: str
    problem: str
    optimizer: str
    network: str
    learning_rate: float
    seed: int
    validation_accuracy: float | None
    key: str
    validation_loss: float | None = None


class Champions(Document):
    """The best network, by problem."""

    PATH = Path("results/champion.json")

    problems: dict[str, ChampionRecord]
