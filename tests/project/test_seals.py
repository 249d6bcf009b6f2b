"""One flipped bit in a file that was sealed is found, and what is damaged is removed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.project import files, seals
from pipeline.project.errors import DataError
from tests.faults.torture.kinds import flip

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one/a.json", "one/b.bin", "two/c.bin"):
        files.write_text(tmp_path / name, name * 100)
    seals.seal(tmp_path / "one", [tmp_path / "two/c.bin"])
    return tmp_path


def test_what_was_written_is_taken(sealed: Path) -> None:
    seals.check(sealed / "one")
    done = subprocess.run(["md5sum", "--check", "--strict", seals.SUMS], cwd=sealed / "one", check=True)
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["one/a.json", "one/b.bin", "two/c.bin"])
@pytest.mark.parametrize("bit", [0, 777, -1])
def test_a_flipped_bit_is_found_and_the_file_removed(name: str, bit: int, sealed: Path) -> None:
    path = sealed / name
    flip(path, bit % (8 * path.stat().st_size))
    with pytest.raises(DataError, match=rf"{name} was damaged: .* run `dvc repro`"):
        seals.check(sealed / "one")
    assert not path.exists()
    # what is left without sums is made again as a whole
    seals.check(sealed / "one")


def test_only_what_is_read_is_looked_at(sealed: Path) -> None:
    flip(sealed / "one/b.bin", 5)
    seals.check(sealed / "one", "a.json")
    with pytest.raises(DataError, match=r"b\.bin was damaged"):
        seals.check(sealed / "one", "b.bin")


def test_files_of_an_older_version_are_taken(tmp_path: Path) -> None:
    files.write_text(tmp_path / "old.json", "{}")
    seals.check(tmp_path)
    seals.seal(tmp_path)
    files.write_text(tmp_path / "another.json", "{}")
    seals.check(tmp_path, "another.json")


def test_what_is_damaged_in_the_cache_of_dvc_goes_too(sealed: Path) -> None:
    subprocess.run(["dvc", "init", "--no-scm", "--quiet"], cwd=sealed, check=True)
    objects = sealed / ".dvc/cache/files/md5"
    good, bad = (objects / "5d/41402abc4b2a76b9719d911017c592", objects / "5d/41402abc4b2a76b9719d911017c593")
    for path in (good, bad):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("hello")
    flip(sealed / "one/a.json", 0)
    with pytest.raises(DataError):
        seals.check(sealed / "one")
    assert good.exists()
    assert not bad.exists()
