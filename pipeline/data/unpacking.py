"""The members of an archive, out of whatever wraps them, into a folder that appears only when all are right.

Only members that were asked for are written, under the names that `pipeline.data.archives` lists. What a
hostile archive may try (paths that lead out, links, devices, bombs) is refused.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

from pipeline.console.progress import Progress, progress
from pipeline.project.errors import DataError, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.data.archives import Archive, Member

_CHUNK_BYTES = 1 << 18
_SLACK_BYTES = 1 << 20
_MAX_ENTRIES = 10_000
_OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x5d\x00\x00": lzma.open,
}
_READ_ERRORS = (
    OSError,
    EOFError,
    NotImplementedError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
)


# --- archive files ---


def unpack(archive: Archive, path: Path, target: Path) -> None:
    """Bring the members of `archive` out of an archive file.

    Parameters
    ----------
    archive
        Which members to take, and what they must be.
    path
        A tar, compressed or not, or a zip; its name does not matter.
    target
        The folder that will hold the members.

    Raises
    ------
    DataError
        Where the file is hostile, damaged or cut off, or lacks a member.
    UserError
        Where `target` cannot be written.
    """
    with arriving(archive, target) as arrival:
        try:
            if zipfile.is_zipfile(path):
                _offer_zip(path, arrival)
            else:
                _offer_tar(path, arrival)
        except _READ_ERRORS as error:
            # A member that is known to be wrong says more than the archive's own complaint.
            unreadable = f"is no readable archive, or is cut off ({reason(error)}); {arrival.first_missing()}"
            raise DataError(arrival.first_fault() or unreadable) from error


def _offer_tar(path: Path, arrival: Arrival) -> None:
    with _decompressed(path) as stream:
        # As a stream: no seeking back, and the bound on its bytes also bounds what tarfile reads as headers.
        source = cast("IO[bytes]", _Bounded(stream, arrival.most_bytes))
        with tarfile.open(fileobj=source, mode="r|") as tar:
            for count, entry in enumerate(tar):
                _refuse_if(count >= _MAX_ENTRIES, path.name, f"more than {_MAX_ENTRIES} entries")
                name = _base_name(entry.name)
                _refuse_if(not (entry.isfile() or entry.isdir()), entry.name, "a link or device")
                reader = tar.extractfile(entry) if entry.isfile() else None
                if reader is not None:
                    arrival.offer(name, reader)
        # Reading on to the end shows whether the file is cut off there, and lets gzip check its own sum.
        while source.read(_CHUNK_BYTES):
            pass


def _offer_zip(path: Path, arrival: Arrival) -> None:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = _base_name(entry.filename)
            kind = stat.S_IFMT(entry.external_attr >> 16)
            _refuse_if(kind not in (0, stat.S_IFREG, stat.S_IFDIR), entry.filename, "a link or device")
            _refuse_if(bool(entry.flag_bits & 1), entry.filename, "encrypted")
            if not entry.is_dir() and arrival.wants(name):
                with archive.open(entry) as reader:
                    arrival.offer(name, reader)


def _refuse_if(condition: bool, name: str, why: str) -> None:
    if condition:
        raise DataError(f"refused, because {name!r} in it is {why}")


def _base_name(name: str) -> str:
    """Return the last part of an entry's path; refuse paths that lead out of the archive's folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    leads_out = path.is_absolute() or ".." in path.parts or bool(PureWindowsPath(name).drive)
    _refuse_if(leads_out, name, "a path that leads outside its folder")
    return path.name


@contextmanager
def _decompressed(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), Path.open)
    with opener(path, "rb") as stream:
        yield stream


class _Bounded:
    """A stream that stops after `most_bytes`: a small archive may unpack to more than any disk holds."""

    def __init__(self, stream: IO[bytes], most_bytes: int) -> None:
        self._stream = stream
        self._left = most_bytes
        self._most = most_bytes

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise DataError(f"refused, because it unpacks to more than {self._most} bytes")
        return piece


# --- arriving: a folder beside the target, until all members are right ---


def byte_limit(archive: Archive) -> int:
    """Return how large any wrapping of an archive may be.

    Parameters
    ----------
    archive
        The archive, whose members' sizes are known.

    Returns
    -------
    int
        The most bytes to load or to unpack for it; more are refused.
    """
    return 2 * archive.size + _SLACK_BYTES


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Arrival:
    """The members that a source has brought so far, written beside the target and checked on the way.

    Parameters
    ----------
    archive
        Which members to take, and what they must be.
    folder
        Where to write them.
    bar
        What shows how far it is.
    """

    def __init__(self, archive: Archive, folder: Path, bar: Progress) -> None:
        self._folder = folder
        self._bar = bar
        self._missing = {member.name: member for member in archive.members}
        self._faults: dict[str, str] = {}
        self.most_bytes = byte_limit(archive)

    def wants(self, name: str) -> bool:
        """Say whether the member called `name` has still to come."""
        return name in self._missing

    def offer(self, name: str, reader: _Reader) -> None:
        """Take the member called `name`, unless nobody asked for it, it came already, or it is wrong."""
        member = self._missing.get(name)
        if member is None:
            return
        fault = self._write(member, reader)
        if fault:
            self._faults[name] = fault
            return
        self._faults.pop(name, None)
        del self._missing[name]

    def _write(self, member: Member, reader: _Reader) -> str:
        digest, size, broken = hashlib.sha256(), 0, ""
        path = self._folder / member.name
        with writing(path), path.open("wb") as file:
            try:
                for piece in _pieces(reader, member.size + 1):
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
                    self._bar.advance(len(piece), member.name)
            except _Unreadable as error:
                broken = f" ({error})"
        fault = member.fault(size, digest.hexdigest())
        if not fault:
            return ""
        self._bar.advance(-size)
        return f"{fault}{' and more' if size > member.size else ''}{broken}"

    def first_fault(self) -> str:
        """Say what is wrong with the first member that is wrong; an empty string where none is."""
        return next(iter(self._faults.values()), "")

    def first_missing(self) -> str:
        """Say which member has not come yet, or that all have."""
        return next(
            (
                f"{member.name}: expected {member.size} bytes with SHA-256 {member.sha256}, found nothing"
                for member in self._missing.values()
            ),
            "all members were right until there",
        )

    def finish(self) -> None:
        """Raise DataError unless every member came and was right."""
        if self._missing:
            raise DataError(self.first_fault() or self.first_missing())


class _Unreadable(Exception):  # noqa: N818 - an event between two functions, not an error for a person
    """The source broke off inside a member."""


def _pieces(reader: _Reader, most_bytes: int) -> Iterator[bytes]:
    """Yield what `reader` holds, at most `most_bytes` in all."""
    while most_bytes > 0:
        try:
            piece = reader.read(min(_CHUNK_BYTES, most_bytes))
        except _READ_ERRORS as error:
            raise _Unreadable(f"cut off or damaged there: {reason(error)}") from error
        if not piece:
            return
        most_bytes -= len(piece)
        yield piece


@contextmanager
def arriving(archive: Archive, target: Path) -> Iterator[Arrival]:
    """Write members beside `target`, and move them there once all are right.

    Parameters
    ----------
    archive
        Which members to take, and what they must be.
    target
        The folder that will hold the members. Whatever was there is replaced.

    Yields
    ------
    Arrival
        What takes the members. Its folder becomes `target` if the block ends well, and disappears if not.

    Raises
    ------
    DataError
        Where a member is missing or wrong at the end of the block.
    UserError
        Where `target` cannot be written.
    """
    folder = _beside(target, str(os.getpid()))
    try:
        with writing(folder):
            folder.mkdir(parents=True)
        with progress(f"unpack {archive.name}", archive.size, "B") as bar:
            arrival = Arrival(archive, folder, bar)
            yield arrival
            arrival.finish()
        _replace_folder(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replace_folder(folder: Path, target: Path) -> None:
    # A folder that is not empty cannot be replaced in one move: the old one steps aside first.
    aside = _beside(target, f"{os.getpid()}.old")
    with writing(target):
        if target.exists() or target.is_symlink():
            target.replace(aside)
        folder.replace(target)
    _remove(aside)


def _beside(target: Path, word: str) -> Path:
    return target.parent / f".{target.name}.{word}.part"


def remove_leftovers(target: Path) -> None:
    """Remove what killed runs have left beside a target.

    Parameters
    ----------
    target
        The folder that the members were meant for.
    """
    if target.parent.is_dir():
        for leftover in target.parent.glob(f".{target.name}.*.part"):
            _remove(leftover)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a refusal to write into one clear message; no other source would help.

    Parameters
    ----------
    path
        What is written in the block; the message names it.

    Raises
    ------
    UserError
        Where the block raises OSError.
    """
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}. "
            "Free space or mend the permissions, then run the same command again."
        ) from error


def reason(error: Exception) -> str:
    """Say in a few words what went wrong.

    Parameters
    ----------
    error
        What was raised, possibly without any text.

    Returns
    -------
    str
        Its text, or else its kind.
    """
    return str(error) or type(error).__name__
