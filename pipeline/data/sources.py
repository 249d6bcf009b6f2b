"""Where bytes come from: folders, archive files and URLs, tried in order until one holds the right members.

Nothing here trusts a source. Only members that `pipeline.data.archives` lists are written, under the names
that it lists, each checked while it is written; nothing is unpickled.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import re
import shutil
import stat
import tarfile
import time
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

import httpx
import tenacity

from pipeline.data.archives import Archive, Member, verify
from pipeline.errors import DataError, UserError
from pipeline.files import read_json, write_json
from pipeline.progress import Progress, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SOURCE_VARIABLE = "CIFAR10_SOURCE"

_CHUNK_BYTES = 1 << 18
_SLACK_BYTES = 1 << 20
_MAX_ENTRIES = 10_000
_OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x5d\x00\x00": lzma.open,
}
_ARCHIVE_SUFFIXES = (".tar", ".tgz", ".tbz2", ".txz", ".zip", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lzma")
_READ_ERRORS = (
    OSError,
    EOFError,
    NotImplementedError,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
)
_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """How long a download waits and how often it tries again.

    Attributes
    ----------
    attempts
        Attempts in a row that bring no new byte before a download is given up.
    connect_seconds, read_seconds
        How long to wait for a connection, and for the next bytes.
    longest_wait_seconds
        Waits between attempts double from one second up to this.
    sleep
        What waits; tests replace it.
    """

    attempts: int = 4
    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    longest_wait_seconds: float = 30.0
    sleep: Callable[[float], None] = time.sleep


def sources_in_order(configured: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return the sources to try: ``CIFAR10_SOURCE`` first, if set, then those configured."""
    first = environment.get(SOURCE_VARIABLE, "").strip()
    return list(dict.fromkeys([first, *configured] if first else configured))


def fetch(
    archive: Archive,
    sources: Sequence[str],
    target: Path,
    downloads: Path,
    *,
    patience: Patience | None = None,
) -> str:
    """Bring the members of `archive` into the folder `target`, from the first source that holds them.

    Parameters
    ----------
    archive
        What to fetch. Every member's size and SHA-256 are checked, whatever wraps them.
    sources
        Folders, archive files (tar, compressed or not, or zip) and http(s) URLs, in the order to try them.
        A folder may hold the members, the archive's own folder, or an archive file.
    target
        The folder that will hold the members themselves. It is moved into place at once, when all is right.
        Whatever else was there is replaced then.
    downloads
        Where downloads are kept: a broken one as ``….part``, which the next run resumes, and a verified one,
        so that it need not be loaded again.
    patience
        Time-outs and retries.

    Returns
    -------
    str
        Where the members came from, in a few words.

    Raises
    ------
    DataError
        Where no source works: every source with the reason, and what to do.
    UserError
        Where `target` or `downloads` cannot be written (disk full, read-only). Nothing half-written stays
        in `target`; a broken download stays resumable.
    """
    _remove_leftovers(target)
    if _is_whole(archive, target):
        return f"{target} (already there, verified)"
    failures = []
    for source in sources:
        try:
            return _fetch_from(archive, source, target, downloads, patience or Patience())
        except DataError as error:
            failures.append(f"  - {_shown(source)}: {error}")
    raise DataError(
        "\n".join(
            [
                f"{archive.name} could not be fetched. Every source failed:",
                *failures,
                f"Put {archive.file_name} into {downloads}/, or set "
                f"{SOURCE_VARIABLE}=/path/to/{archive.file_name}, and run the same command again.",
                "For a first look without this data: make demo",
            ]
        )
    )


def _is_whole(archive: Archive, folder: Path) -> bool:
    try:
        verify(archive, folder)
    except (DataError, OSError):
        return False
    return True


def _fetch_from(archive: Archive, source: str, target: Path, downloads: Path, patience: Patience) -> str:
    if not source.strip():
        raise DataError("an empty source")
    if source.lower().startswith(("http://", "https://")):
        return _fetch_url(archive, source, target, downloads, patience)
    if "://" in source:
        raise DataError("unknown kind of address: http and https are supported")
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            return _fetch_folder(archive, path, target)
        if path.is_file():
            _unpack(archive, path, target)
            return f"archive {path}"
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error
    raise DataError("no such file or folder")


# --- folders ---


def _fetch_folder(archive: Archive, folder: Path, target: Path) -> str:
    candidates = [place for place in (folder, folder / archive.folder) if _holds_any(archive, place)] + _archives_in(
        archive, folder
    )
    faults = []
    for candidate in candidates:
        try:
            if candidate.is_dir():
                _copy_folder(archive, candidate, target)
                return f"folder {candidate}"
            _unpack(archive, candidate, target)
        except DataError as error:
            faults.append(str(error) if candidate == folder else f"{candidate.name}: {error}")
        else:
            return f"archive {candidate}"
    raise DataError("; ".join(faults) or f"holds neither {archive.members[0].name} nor an archive")


def _holds_any(archive: Archive, folder: Path) -> bool:
    return any((folder / member.name).is_file() for member in archive.members)


def _archives_in(archive: Archive, folder: Path) -> list[Path]:
    """Return the archive files in `folder`, the one with the published name first."""
    found = [path for path in folder.iterdir() if path.name.lower().endswith(_ARCHIVE_SUFFIXES)]
    return sorted((path for path in found if path.is_file()), key=lambda path: (path.name != archive.file_name, path))


def _copy_folder(archive: Archive, folder: Path, target: Path) -> None:
    with _arrival(archive, target) as arrival:
        for member in archive.members:
            path = folder / member.name
            if path.is_file():
                with path.open("rb") as file:
                    arrival.offer(member.name, file)


# --- archive files ---


def _unpack(archive: Archive, path: Path, target: Path) -> None:
    """Bring the members out of an archive file into `target`; raise DataError where it is not right."""
    with _arrival(archive, target) as arrival:
        try:
            if zipfile.is_zipfile(path):
                _offer_zip(path, arrival)
            else:
                _offer_tar(path, arrival)
        except _READ_ERRORS as error:
            # A member that is known to be wrong says more than the archive's own complaint.
            unreadable = f"is no readable archive, or is cut off ({_reason(error)}); {arrival.first_missing()}"
            raise DataError(arrival.first_fault() or unreadable) from error


def _offer_tar(path: Path, arrival: _Arrival) -> None:
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


def _offer_zip(path: Path, arrival: _Arrival) -> None:
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


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Arrival:
    """The members that a source has brought so far, written beside the target and checked on the way."""

    def __init__(self, archive: Archive, folder: Path, bar: Progress) -> None:
        self._folder = folder
        self._bar = bar
        self._missing = {member.name: member for member in archive.members}
        self._faults: dict[str, str] = {}
        self.most_bytes = 2 * archive.size + _SLACK_BYTES

    def wants(self, name: str) -> bool:
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
        with _writing(path), path.open("wb") as file:
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
            raise _Unreadable(f"cut off or damaged there: {_reason(error)}") from error
        if not piece:
            return
        most_bytes -= len(piece)
        yield piece


@contextmanager
def _arrival(archive: Archive, target: Path) -> Iterator[_Arrival]:
    """Yield an arrival whose folder becomes `target` if the block ends well, and disappears if not."""
    folder = _beside(target, str(os.getpid()))
    try:
        with _writing(folder):
            folder.mkdir(parents=True)
        with progress(f"unpack {archive.name}", archive.size, "B") as bar:
            arrival = _Arrival(archive, folder, bar)
            yield arrival
            arrival.finish()
        _replace_folder(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replace_folder(folder: Path, target: Path) -> None:
    # A folder that is not empty cannot be replaced in one move: the old one steps aside first.
    aside = _beside(target, f"{os.getpid()}.old")
    with _writing(target):
        if target.exists() or target.is_symlink():
            target.replace(aside)
        folder.replace(target)
    _remove(aside)


def _beside(target: Path, word: str) -> Path:
    return target.parent / f".{target.name}.{word}.part"


def _remove_leftovers(target: Path) -> None:
    """Remove what killed runs have left beside `target`."""
    if target.parent.is_dir():
        for leftover in target.parent.glob(f".{target.name}.*.part"):
            _remove(leftover)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn a refusal to write into one clear message; no other source would help."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}. "
            "Free space or mend the permissions, then run the same command again."
        ) from error


# --- downloads ---


def _fetch_url(archive: Archive, url: str, target: Path, downloads: Path, patience: Patience) -> str:
    part = downloads / f"{archive.file_name}.part"
    with progress(f"download {archive.name}", None, "B") as bar:
        _Download(url, part, 2 * archive.size + _SLACK_BYTES, patience, bar).run()
    try:
        _unpack(archive, part, target)
    except DataError:
        # Kept, it would be resumed next time and be as wrong again.
        _forget(part)
        raise
    with _writing(downloads / archive.file_name):
        part.replace(downloads / archive.file_name)
    _forget(part)
    return _shown(url)


class _PassingError(DataError):
    """The next attempt may go better."""


@dataclass(frozen=True)
class _Version:
    """Which version of which file a broken download belongs to; kept beside it.

    ``validator`` is the server's strong ETag, or else its Last-Modified; empty where it gave neither.
    ``size`` is the whole file's, -1 where the server did not say.
    """

    url: str
    validator: str
    size: int

    @classmethod
    def of(cls, url: str, response: httpx.Response, size: int) -> _Version:
        etag = response.headers.get("ETag", "")
        strong = "" if etag.startswith("W/") else etag
        return cls(_shown(url), strong or response.headers.get("Last-Modified", ""), size)


class _Download:
    """One file from one URL, in as many attempts as it takes."""

    def __init__(self, url: str, part: Path, most_bytes: int, patience: Patience, bar: Progress) -> None:
        self._url = url
        self._part = part
        self._most = most_bytes
        self._patience = patience
        self._bar = bar
        self._furthest = self._size()
        self._fruitless = 0

    def run(self) -> None:
        """Load the file to its end.

        Raises
        ------
        DataError
            Where the server refuses, or keeps failing.
        UserError
            Where the file cannot be written.
        """
        with _writing(self._part):
            self._part.parent.mkdir(parents=True, exist_ok=True)
        tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_PassingError),
            stop=self._hopeless,
            wait=self._wait,
            sleep=self._patience.sleep,
            before_sleep=self._announce,
            reraise=True,
        )(self._attempt)

    def _hopeless(self, _: tenacity.RetryCallState) -> bool:
        return self._fruitless >= self._patience.attempts

    def _wait(self, _: tenacity.RetryCallState) -> float:
        return min(2.0 ** max(self._fruitless - 1, 0), self._patience.longest_wait_seconds)

    def _announce(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0
        self._bar.say(f"{_shown(self._url)}: {error}; next attempt in {wait:.0f} s")

    def _attempt(self) -> None:
        try:
            self._request()
        except _PassingError:
            # Attempts that bring new bytes do not count: a weak line may need many.
            size = self._size()
            self._fruitless = 0 if size > self._furthest else self._fruitless + 1
            self._furthest = max(size, self._furthest)
            raise

    def _request(self) -> None:
        kept = self._kept_version()
        have = self._size() if kept else 0
        if kept and have == kept.size:
            return
        try:
            with (
                _client(self._patience) as client,
                client.stream("GET", self._url, headers=_request_headers(kept, have)) as response,
            ):
                self._receive(response, kept, have)
        except httpx.UnsupportedProtocol as error:
            raise DataError(f"redirected to an unknown kind of address ({error})") from error
        except httpx.TransportError as error:
            raise _PassingError(self._transport_message(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise DataError(_reason(error)) from error

    def _receive(self, response: httpx.Response, kept: _Version | None, have: int) -> None:
        status = response.status_code
        if status == 206 and kept and _continues(response, kept, have):
            self._append(response, have, kept.size)
        elif status == 200:
            self._start_over(response)
        elif status in (206, 416):
            _forget(self._part)
            raise _PassingError("the file changed since the download began: starting over")
        elif status in _PASSING_STATUSES:
            raise _PassingError(f"the server answered {status} {response.reason_phrase}")
        else:
            raise DataError(f"the server answered {status} {response.reason_phrase}")

    def _start_over(self, response: httpx.Response) -> None:
        length = response.headers.get("Content-Length", "")
        size = int(length) if length.isdecimal() else -1
        if size > self._most:
            raise DataError(f"refused, because it is larger ({size} bytes) than {self._most} bytes")
        # In this order, a kill in between never leaves old bytes beside a new version.
        _forget(self._part)
        with _writing(self._part):
            write_json(_version_file(self._part), asdict(_Version.of(self._url, response, size)))
        self._append(response, 0, size)

    def _append(self, response: httpx.Response, have: int, size: int) -> None:
        self._bar.set_total(size if size >= 0 else None)
        self._bar.restart(have)
        with _writing(self._part), self._part.open("ab") as file:
            # Pieces as they come: of larger ones, the last would be lost with the connection.
            for piece in response.iter_raw():
                have += len(piece)
                if have > self._most:
                    _forget(self._part)
                    raise DataError(f"refused, because it is larger than {self._most} bytes")
                file.write(piece)
                self._bar.advance(len(piece))
        if size >= 0 and have != size:
            raise _PassingError(f"the server sent {have} of {size} bytes")

    def _kept_version(self) -> _Version | None:
        """Return the version of the broken download, if there is one that can be resumed."""
        try:
            kept = _Version(**read_json(_version_file(self._part)))
        except (OSError, ValueError, TypeError):
            return None
        usable = kept.url == _shown(self._url) and 0 < self._size() <= max(kept.size, 0)
        return kept if usable and kept.validator else None

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _transport_message(self, error: httpx.TransportError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"no answer in time ({type(error).__name__})"
        if isinstance(error, httpx.ConnectError):
            return f"no connection ({_reason(error)})"
        return f"the connection broke after {self._size()} bytes ({_reason(error)})"


def _request_headers(kept: _Version | None, have: int) -> dict[str, str]:
    # Identity: a compressed transfer would make lengths and ranges count other bytes than the file's.
    headers = {"Accept-Encoding": "identity"}
    if kept:
        headers |= {"Range": f"bytes={have}-", "If-Range": kept.validator}
    return headers


def _continues(response: httpx.Response, kept: _Version, have: int) -> bool:
    """Say whether a partial answer goes on where the kept bytes of the same version end."""
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
    if span is None or (int(span[1]), int(span[2])) != (have, kept.size):
        return False
    validator = _Version.of(kept.url, response, kept.size).validator
    return validator in ("", kept.validator)


def _client(patience: Patience, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    return httpx.Client(
        follow_redirects=True,
        timeout=httpx.Timeout(patience.read_seconds, connect=patience.connect_seconds),
        event_hooks={"request": [_NoDowngrade()]},
        transport=transport,
    )


class _NoDowngrade:
    """Refuses to go on over http after https: a redirect must not strip the encryption."""

    def __init__(self) -> None:
        self._secure = False

    def __call__(self, request: httpx.Request) -> None:
        secure = request.url.scheme == "https"
        if self._secure and not secure:
            raise DataError(f"refused a redirect from https to {_shown(str(request.url))}")
        self._secure = secure


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _forget(part: Path) -> None:
    """Remove a broken download and what is known about it."""
    with _writing(part):
        part.unlink(missing_ok=True)
        _version_file(part).unlink(missing_ok=True)


def _shown(source: str) -> str:
    """Return `source` fit for a message: without a password."""
    return re.sub(r"(?<=://)[^/@]*@", "", source)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
