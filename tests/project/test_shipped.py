"""Where settings come from, in a project and outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.project import shipped
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current folder, which must stay empty."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_clone_ships_its_own_files() -> None:
    assert shipped.folder() == ROOT
    for name in shipped.FILES:
        assert (ROOT / name).exists(), name


def test_outside_a_project_what_was_published_is_read(empty: Path) -> None:
    assert shipped.project() == ROOT


def test_outside_a_project_the_clone_works_in_its_own_folder(empty: Path) -> None:
    with shipped.workspace() as folder:
        assert folder == ROOT == Path.cwd()
    assert Path.cwd() == empty


def test_in_a_project_both_are_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").touch()
    assert shipped.project() == Path()
    with shipped.workspace() as folder:
        assert folder == tmp_path == Path.cwd()
