"""The champion's file."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.evaluation import champion
from pipeline.prepared import reader
from pipeline.project import files, git, paths
from pipeline.project.errors import DataError
from pipeline.results.champions import ChampionRecord

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("content", [b"", b"\x00" * 100])
def test_a_damaged_champion_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.safetensors").write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        champion.read(tmp_path / "c.safetensors")


@pytest.mark.parametrize(
    "about",
    [
        None,
        {"champion": "{}"},
        {"champion": json.dumps({"record": {"label": "SGD"}, "description": {"shape": [8, 8, 1]}})},
    ],
)
def test_a_champion_of_another_version_is_refused(tmp_path: Path, about: dict[str, str] | None) -> None:
    files.write_tensors(tmp_path / "c.safetensors", {"a": np.zeros(1, np.float32)}, about)
    with pytest.raises(DataError, match="another version"):
        champion.read(tmp_path / "c.safetensors")


def test_a_flipped_bit_is_damage_and_a_file_without_a_hash_is_taken(tmp_path: Path, learning: Path) -> None:
    path = tmp_path / "c.safetensors"
    record = ChampionRecord(
        optimizer="sgd",
        label="SGD",
        problem="digits",
        network="linear",
        learning_rate=0.1,
        seed=1,
        validation_accuracy=0.5,
        validation_loss=1.0,
        key="0",
    )
    weights = {"a": np.ones(3, np.float32)}
    champion.write(path, record, reader.describe(learning), weights)
    first = path.read_bytes()
    champion.write(path, record, reader.describe(learning), weights)
    assert path.read_bytes() == first
    assert champion.read(path).record == record
    about = json.loads(files.read_metadata(path)["champion"])
    del about["sha256"]
    files.write_tensors(path, weights, {"champion": json.dumps(about)})
    assert champion.read(path).record == record
    path.write_bytes(first[:-1] + bytes([first[-1] ^ 1]))
    with pytest.raises(DataError, match="damaged"):
        champion.read(path)


def test_the_commit_is_the_one_that_holds_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = paths.CHAMPION_WEIGHTS
    files.write_text(path, "weights")
    assert champion.commit(path) == "uncommitted"  # no repository
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "one"]):
        assert champion.commit(path) == "uncommitted"
        subprocess.run(["git", *command], check=True)
    assert champion.commit(path) == git.ask("rev-parse", "--short", "HEAD")
    files.write_text(path, "other weights")
    assert champion.commit(path) == "uncommitted"
