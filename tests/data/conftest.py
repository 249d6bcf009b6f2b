from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.data import unpacking
from pipeline.data.archives import CIFAR10
from tests.data.made_up_archive import Place

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return Place(tmp_path)


@pytest.fixture(scope="session")
def official(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the official ``cifar-10-batches-py``."""
    given = os.environ.get("CIFAR10_SOURCE", "")
    places = [Path(given), Path(__file__).parents[3] / "shared/data" / CIFAR10.file_name]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        pytest.skip("no CIFAR-10 archive: set CIFAR10_SOURCE=/path/to/cifar-10-python.tar.gz")
    root = tmp_path_factory.mktemp("official")
    unpacking.unpack(CIFAR10, found, root / CIFAR10.folder)
    return root


@pytest.fixture
def nearly_full_disk() -> Iterator[None]:
    """Every write beyond 100 kB of a file fails, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
