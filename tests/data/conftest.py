from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from pipeline.data import unpacking
from pipeline.data.archives import CIFAR10
from tests import needs
from tests.data.made_up_archive import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Place(tmp_path)


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the official ``cifar-10-batches-py``."""
    archive = needs.cifar()
    root = tmp_path_factory.mktemp("official")
    unpacking.unpack(CIFAR10, archive, root / CIFAR10.folder)
    return root


@pytest.fixture
def nearly_full_disk() -> Iterator[None]:
    """Every write beyond 100 kB of a file fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
