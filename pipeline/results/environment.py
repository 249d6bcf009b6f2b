"""``results/environment.json``: the hardware and the versions that a study ran on."""

from __future__ import annotations

from pathlib import Path

from pipeline.results.document import Document


class Environment(Document):
    """The processor, its cores, memory in GiB, system, and the versions of Python and of the libraries."""

    PATH = Path("results/environment.json")

    processor: str
    cores: int
    memory_gib: int
    system: str
    python: str
    versions: dict[str, str]
