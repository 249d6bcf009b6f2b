from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from pipeline.project import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def everything_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def test_atomic_moves_a_whole_file_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    with files.atomic(path) as temporary:
        assert temporary.parent == path.parent
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert everything_in(tmp_path) == {"a", "b.txt"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_an_error_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise error

    with pytest.raises(error), files.atomic(path) as temporary:
        fail(temporary)
    assert path.read_text() == "old"
    assert everything_in(tmp_path) == {"file.txt"}


def test_a_first_file_that_fails_is_absent(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"), files.atomic(tmp_path / "file.txt"):
        raise ValueError("x")
    assert everything_in(tmp_path) == set()


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        files.write_text(tmp_path / "file.txt", "text")
        files.write_tensors(tmp_path / "tensors", {"a": np.zeros(2)})
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("file.txt", "tensors")] == [mode, mode]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_json_has_no_nan(tmp_path: Path, bad: float) -> None:
    path = tmp_path / "file.json"
    files.write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(path, {"a": [1.0, bad]})
    assert files.read_json(path) == {"a": 1}
    assert everything_in(tmp_path) == {"file.json"}


def test_json_is_utf8_and_ends_with_a_line_end(tmp_path: Path) -> None:
    value = {"ü → ×": [1, 0.1, None, True]}
    files.write_json(tmp_path / "file.json", value)
    content = (tmp_path / "file.json").read_bytes()
    assert "ü → ×".encode() in content
    assert content.endswith(b"}\n")
    assert b"\r" not in content
    assert files.read_json(tmp_path / "file.json") == json.loads(content) == value


def test_csv_has_no_index_and_eight_digits(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["a,b", "c"], "value": [1 / 3, np.nan]}, index=[5, 6])
    files.write_csv(tmp_path / "file.csv", frame)
    assert (tmp_path / "file.csv").read_bytes() == b'name,value\n"a,b",0.33333333\nc,\n'


def test_sha256(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000  # more than one chunk
    (tmp_path / "file").write_bytes(content)
    assert files.sha256(tmp_path / "file") == hashlib.sha256(content).hexdigest()


# --- tensors ----------------------------------------------------------------------------------------------


def test_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tensors = {
        "matrix": rng.normal(size=(3, 4)).astype(np.float32),
        "transposed": rng.normal(size=(3, 4)).T,
        "every other": rng.integers(0, 9, (4, 6))[:, ::2],
        "predictions": np.array([[-1, 3]], dtype=np.int16),
        "scalar": np.array(1.5),
        "none": np.zeros((0, 3)),
        "nan": np.array([np.nan, np.inf]),
    }
    files.write_tensors(tmp_path / "file", tensors)
    found = files.read_tensors(tmp_path / "file")
    assert set(found) == set(tensors)
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)


def test_the_same_tensors_are_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    tensors = {"b": np.ones(2), "a": np.zeros(3)}
    files.write_tensors(tmp_path / "one", tensors)
    files.write_tensors(tmp_path / "two", dict(reversed(tensors.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("metadata", [None, {}, {"outcome": '{"ü": 1}'}])
def test_metadata_is_read_without_the_arrays(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    files.write_tensors(tmp_path / "file", {"a": np.zeros(2)}, metadata)
    assert files.read_metadata(tmp_path / "file") == (metadata or {})


def test_a_file_of_no_tensors(tmp_path: Path) -> None:
    files.write_tensors(tmp_path / "file", {}, {"a": "b"})
    assert files.read_tensors(tmp_path / "file") == {}
    assert files.read_metadata(tmp_path / "file") == {"a": "b"}


# --- a full disk ------------------------------------------------------------------------------------------

WRITERS: dict[str, Callable[[Path], None]] = {
    "text": lambda path: files.write_text(path, "new" * 10_000),
    "json": lambda path: files.write_json(path, ["new"] * 10_000),
    "csv": lambda path: files.write_csv(path, pd.DataFrame({"a": range(10_000)})),
    "tensors": lambda path: files.write_tensors(path, {"a": np.zeros(10_000)}),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_full_disk_is_an_os_error_and_leaves_the_old_file(tmp_path: Path, kind: str) -> None:
    # a limit on the size of files stands in for it: the same call fails, with another errno
    path = tmp_path / "file"
    path.write_text("old")
    resource = pytest.importorskip("resource", reason="file size limits are Unix'")
    signal = pytest.importorskip("signal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            WRITERS[kind](path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "old"
    assert everything_in(tmp_path) == {"file"}
