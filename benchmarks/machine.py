"""What a measurement says of the machine that it was made on."""

from __future__ import annotations

from typing import Any

from pipeline.project import environment


def machine() -> dict[str, Any]:
    """Return processor, cores, memory, system and Python, without the versions of libraries."""
    return {name: value for name, value in environment.describe().items() if name != "versions"}
