"""What bytes are right: the members of each data set with their sizes and hashes, and how to read them.

This is the only file that may unpickle, and it does so only with bytes whose SHA-256 it has just checked.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.project.errors import DataError
from pipeline.project.files import sha256

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Member:
    """One file of an archive: its base name, its size in bytes and its SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str

    def fault(self, size: int, digest: str) -> str:
        """Say what is wrong with a file of `size` bytes and hash `digest`; empty where nothing is."""
        if (size, digest) == (self.size, self.sha256):
            return ""
        expected = f"expected {self.size} bytes with SHA-256 {self.sha256}"
        return f"{self.name}: {expected}, found {size} bytes with SHA-256 {digest}"


@dataclass(frozen=True)
class Archive:
    """A published data set.

    Attributes
    ----------
    name
        What `by_name` knows it by.
    folder
        The folder inside the published archive that holds the members.
    members
        The files that the study needs. The archive may hold others.
    url
        Where it is published; the last part is the archive's file name.
    """

    name: str
    folder: str
    members: tuple[Member, ...]
    url: str

    @property
    def file_name(self) -> str:
        """The archive's file name, such as ``cifar-10-python.tar.gz``."""
        return self.url.rpartition("/")[2]

    @property
    def size(self) -> int:
        """The bytes of all members together."""
        return sum(member.size for member in self.members)

    def member(self, name: str) -> Member:
        """Return the member called `name`.

        Raises
        ------
        DataError
            Where there is none.
        """
        for member in self.members:
            if member.name == name:
                return member
        names = ", ".join(member.name for member in self.members)
        raise DataError(f"{self.name} has no member {name!r}: it has {names}.")


# SHA-256s of the bytes whose sizes and MD5s the data set's authors and torchvision publish.
CIFAR10 = Archive(
    name="cifar10",
    folder="cifar-10-batches-py",
    members=(
        Member("data_batch_1", 31035704, "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd"),
        Member("data_batch_2", 31035320, "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8"),
        Member("data_batch_3", 31035999, "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9"),
        Member("data_batch_4", 31035696, "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b"),
        Member("data_batch_5", 31035623, "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154"),
        Member("test_batch", 31035526, "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831"),
        Member("batches.meta", 158, "f962466ef690d46b226450fb9aadc74ba4bc64a76aa526b5827fe4bc5c7125cb"),
    ),
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
)

_ARCHIVES = {archive.name: archive for archive in (CIFAR10,)}


def by_name(name: str) -> Archive:
    """Return the archive called `name`.

    Raises
    ------
    DataError
        Where there is none; the message names the closest match and all that there are.
    """
    if name in _ARCHIVES:
        return _ARCHIVES[name]
    closest = difflib.get_close_matches(name.lower(), _ARCHIVES, n=1)
    hint = f" Did you mean {closest[0]!r}?" if closest else ""
    raise DataError(f"There is no archive {name!r}.{hint} Known archives: {', '.join(sorted(_ARCHIVES))}.")


def verify(archive: Archive, folder: Path) -> None:
    """Check the size and the SHA-256 of every member in `folder`.

    Parameters
    ----------
    archive
        What should be there.
    folder
        The folder that holds the members themselves. Other files in it do not matter.

    Raises
    ------
    DataError
        For the first member that is missing or wrong: its path, the expected and the found size and hash.
    OSError
        Where a member cannot be read.
    """
    for member in archive.members:
        path = folder / member.name
        if not path.is_file():
            raise DataError(
                f"{path} is missing: expected {member.size} bytes with SHA-256 {member.sha256}. Fetch the data again."
            )
        if path.stat().st_size != member.size:
            raise DataError(
                f"{path} is damaged: expected {member.size} bytes, found {path.stat().st_size}. Fetch the data again."
            )
        if fault := member.fault(member.size, sha256(path)):
            raise DataError(f"{path} is damaged: {fault}. Fetch the data again.")


def read_cifar10_batch(path: Path, member: Member) -> tuple[np.ndarray, np.ndarray]:
    """Read one batch of CIFAR-10, after checking the SHA-256 of the very bytes that are read.

    Parameters
    ----------
    path
        The batch's file.
    member
        What it should be, such as ``CIFAR10.member("data_batch_1")``.

    Returns
    -------
    images : numpy.ndarray
        uint8, shape (n, 32, 32, 3): image, row, column, channel (red, green, blue). C-contiguous.
    labels : numpy.ndarray
        int64, shape (n,): positions in `read_cifar10_class_names`.

    Raises
    ------
    DataError
        Where the file is missing or is not byte for byte what `member` says. Nothing is unpickled then.
    """
    batch = _unpickle_verified(path, member)
    images = batch["data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), np.asarray(batch["labels"], dtype=np.int64)


def read_cifar10_class_names(path: Path, member: Member | None = None) -> tuple[str, ...]:
    """Read the names of the ten classes from ``batches.meta``.

    Parameters
    ----------
    path
        The file.
    member
        What it should be; the official ``batches.meta`` unless given.

    Raises
    ------
    DataError
        Where the file is missing or is not byte for byte what `member` says.
    """
    meta = _unpickle_verified(path, member or CIFAR10.member("batches.meta"))
    return tuple(meta["label_names"])


def _unpickle_verified(path: Path, member: Member) -> dict[str, Any]:
    # One read serves both the hash and the unpickler: the file cannot be swapped in between.
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path} is missing. Fetch the data again.") from None
    if fault := member.fault(len(content), hashlib.sha256(content).hexdigest()):
        raise DataError(f"{path} is damaged, and was not opened: {fault}. Fetch the data again.")
    # The batches were pickled by Python 2, whose byte strings are read as Latin-1: byte for byte.
    loaded: dict[str, Any] = _Unpickler(io.BytesIO(content), encoding="latin1").load()
    return loaded


def _empty_array(kind: type[np.ndarray], shape: tuple[int, ...], type_code: str) -> np.ndarray:
    return np.ndarray.__new__(kind, shape, np.dtype(type_code))


def _data_type(code: str, align: int, copy: int) -> np.dtype[Any]:
    # The pickles hold 0 and 1 here, about which numpy 2.4 and later warn.
    return np.dtype(code, align=bool(align), copy=bool(copy))


_NEEDED_BY_BATCHES: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _data_type,
}


class _Unpickler(pickle.Unpickler):
    """Builds numpy arrays and plain Python values only: the second lock, behind the hash."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NEEDED_BY_BATCHES:
            raise DataError(f"A pickle asks for {module}.{name}, which no CIFAR-10 batch needs: refused.")
        return _NEEDED_BY_BATCHES[module, name]
