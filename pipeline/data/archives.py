"""Which bytes are right: the members of every published archive, with their sizes and hashes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Member:
    """One file of an archive: its base name, its size in bytes and its SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str

    @property
    def expected(self) -> str:
        """Its size and hash in words."""
        return f"expected {self.size} bytes with SHA-256 {self.sha256}"

    def fault(self, content: bytes) -> str:
        """Say how `content` differs from this member; empty where it does not."""
        digest = hashlib.sha256(content).hexdigest()
        if (len(content), digest) == (self.size, self.sha256):
            return ""
        longer = len(content) > self.size
        return f"{self.expected}, found {'more' if longer else f'{len(content)} bytes with SHA-256 {digest}'}"


@dataclass(frozen=True)
class Archive:
    """A published data set."""

    name: str
    folder: str  # inside the published archive, with the members
    members: tuple[Member, ...]  # those that the study needs; the archive may hold others
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
        """Return the member called `name`."""
        return next(member for member in self.members if member.name == name)


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

ARCHIVES = {archive.name: archive for archive in (CIFAR10,)}


def read_verified(path: Path, member: Member) -> bytes:
    """Read a file that must be `member`, byte for byte; a `DataError` says what was expected and what was found."""
    try:
        with path.open("rb") as file:
            content = file.read(member.size + 1)
    except FileNotFoundError:
        raise DataError(f"{path} is missing: {member.expected}. Fetch the data again.") from None
    if fault := member.fault(content):
        raise DataError(f"{path} is damaged: {fault}. Fetch the data again.")
    return content


def verify(archive: Archive, folder: Path) -> None:
    """Check the size and the SHA-256 of every member in `folder`; a `DataError` names the first wrong one."""
    for member in archive.members:
        read_verified(folder / member.name, member)


def sizes_fit(archive: Archive, folder: Path) -> bool:
    """Say whether all members seem to be in `folder`, from their sizes alone; hashing them takes a second."""
    paths = {folder / member.name: member.size for member in archive.members}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())
