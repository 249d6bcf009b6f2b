"""Files that are either whole or absent: atomic writes, hashes, JSON, CSV and safetensors."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import pandas as pd

_SEAL = "sha256"


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and move it into place when the block ends without an error.

    Missing parent folders are made. After an error (disk full, read-only) `path` is as it was before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        # a full disk is reported without a name, and a computer may have several
        error.filename = error.filename or str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically; a ValueError for NaN or an infinity: write None."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write `frame` without its index, floats to eight significant digits, atomically."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.8g", lineterminator="\n")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> None:
    """Write named arrays to one safetensors file, sorted by name, atomically."""
    from safetensors.numpy import save

    # arrays in another memory order would be written wrongly, without an error
    ordered = {name: tensors[name].copy(order="C") for name in sorted(tensors)}
    with atomic(path) as temporary:
        # not save_file: it reports a full disk by an error of its own class
        temporary.write_bytes(save(ordered, metadata=dict(metadata) if metadata else None))


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of a safetensors file."""
    from safetensors.numpy import load_file

    return dict(load_file(path))


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata of a safetensors file without its arrays."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return dict(file.metadata() or {})


class Sealed(NamedTuple):
    """The content of a safetensors file, and whether it had a hash to be checked against."""

    tensors: dict[str, np.ndarray]
    metadata: dict[str, str]
    checked: bool


def write_sealed(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> None:
    """Write as `write_tensors` does, with a hash of the content, so that `read_sealed` finds any damage.

    The library writes several entries of `metadata` in any order: the bytes may differ from one time to the next.
    """
    known = dict(metadata or {})
    write_tensors(path, tensors, {**known, _SEAL: content_hash(tensors, known)})


def read_sealed(path: Path) -> Sealed:
    """Read what `write_sealed` wrote (or `write_tensors`, without a hash); a ValueError where the hash is another."""
    metadata, tensors = read_metadata(path), read_tensors(path)
    expected = metadata.pop(_SEAL, None)
    if expected is not None and expected != content_hash(tensors, metadata):
        raise ValueError(f"{path} is damaged: its content is not what was written.")
    return Sealed(tensors, metadata, checked=expected is not None)


def content_hash(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """Return the SHA-256 of named arrays and of what is said about them, in whatever order they are given."""
    found = hashlib.sha256(canonical(dict(metadata)).encode())
    for name in sorted(tensors):
        array = tensors[name]
        found.update(canonical([name, str(array.dtype), array.shape]).encode())
        found.update(array.tobytes())
    return found.hexdigest()


def canonical(value: Any) -> str:
    """Return JSON that is the same for equal values: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
