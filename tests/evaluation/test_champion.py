"""The champion's file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipeline.evaluation import champion
from pipeline.project import files
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
