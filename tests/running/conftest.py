from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def plain_main(monkeypatch):
    # workers import the main module again, and pytest's takes as long as a test
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)


@pytest.fixture
def pool_tasks(monkeypatch):
    """What can be sent to workers: they import it by this very name."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import pool_tasks

    return pool_tasks
