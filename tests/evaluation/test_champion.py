"""The champion's file."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.evaluation import champion
from pipeline.project import files, git, paths
from pipeline.project.errors import DataError

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
