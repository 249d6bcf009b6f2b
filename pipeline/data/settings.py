"""The section ``data`` of ``params.yaml``."""

from __future__ import annotations

from pipeline.settings import loading
from pipeline.settings.section import Name, Section, Seed


class DataSettings(Section):
    """Where data comes from and how it is split."""

    split_seed: Seed
    archives: tuple[Name, ...]
    sources: tuple[str, ...]


def load() -> DataSettings:
    """Read the section of ``params.yaml``; see `loading.section`."""
    return loading.section("data", DataSettings)
