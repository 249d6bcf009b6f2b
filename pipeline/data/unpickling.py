"""The only file that may unpickle, and it does so only with bytes whose SHA-256 it has just checked."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.data.archives import read_verified

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.data.archives import Member


def unpickle(path: Path, member: Member) -> dict[str, Any]:
    """Unpickle arrays and plain values, after checking the very bytes that are read (strings of Python 2: Latin-1)."""
    found: dict[str, Any] = _Unpickler(io.BytesIO(read_verified(path, member)), encoding="latin1").load()
    return found


def _empty_array(kind: type[np.ndarray], shape: tuple[int, ...], code: str) -> np.ndarray:
    return np.ndarray.__new__(kind, shape, np.dtype(code))


def _data_type(code: str, align: int, copy: int) -> np.dtype[Any]:
    # the pickles hold 0 and 1 here, about which numpy 2.4 and later warn
    return np.dtype(code, align=bool(align), copy=bool(copy))


_NEEDED = {
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _data_type,
}


class _Unpickler(pickle.Unpickler):
    """Builds numpy arrays and plain values only: a second protection, besides the hash."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NEEDED:
            raise pickle.UnpicklingError(f"{module}.{name} is refused: no data set needs it")
        return _NEEDED[module, name]
