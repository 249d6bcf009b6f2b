from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.training import networks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def own_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], str]]:
    """Return a function that adds the file of a network, in a folder beside the project's own."""
    folder = tmp_path / "networks"
    folder.mkdir()
    monkeypatch.setattr(networks, "__path__", [*networks.__path__, str(folder)])
    added = []

    def add(name: str, text: str) -> str:
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
        added.append(name)
        return name

    yield add
    for name in added:
        sys.modules.pop(f"{networks.__name__}.{name}", None)
