"""An archive from a URL: in as many attempts as it takes, resumed where it broke off, unpacked when whole."""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import httpx
import tenacity

from pipeline.console.progress import Progress, progress
from pipeline.data.unpacking import byte_limit, reason, unpack, writing
from pipeline.project.errors import DataError
from pipeline.project.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.data.archives import Archive

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


def fetch_url(archive: Archive, url: str, target: Path, downloads: Path, patience: Patience) -> str:
    """Load an archive file, and bring its members into a folder.

    Parameters
    ----------
    archive
        Which members to take, and what they must be.
    url
        The http(s) address of the archive file.
    target
        The folder that will hold the members.
    downloads
        Where the file is kept: a broken one as ``….part``, which the next run resumes, and a verified one.
    patience
        Time-outs and retries.

    Returns
    -------
    str
        The address, fit for a message.

    Raises
    ------
    DataError
        Where the server refuses or keeps failing, or the file is not right.
    UserError
        Where `target` or `downloads` cannot be written.
    """
    part = downloads / f"{archive.file_name}.part"
    with progress(f"download {archive.name}", None, "B") as bar:
        _Download(url, part, byte_limit(archive), patience, bar).run()
    try:
        unpack(archive, part, target)
    except DataError:
        # Kept, it would be resumed next time and be as wrong again.
        _forget(part)
        raise
    with writing(downloads / archive.file_name):
        part.replace(downloads / archive.file_name)
    _forget(part)
    return shown(url)


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
        return cls(shown(url), strong or response.headers.get("Last-Modified", ""), size)


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
        with writing(self._part):
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
        self._bar.say(f"{shown(self._url)}: {error}; next attempt in {wait:.0f} s")

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
            raise DataError(reason(error)) from error

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
        with writing(self._part):
            write_json(_version_file(self._part), asdict(_Version.of(self._url, response, size)))
        self._append(response, 0, size)

    def _append(self, response: httpx.Response, have: int, size: int) -> None:
        self._bar.set_total(size if size >= 0 else None)
        self._bar.restart(have)
        with writing(self._part), self._part.open("ab") as file:
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
        usable = kept.url == shown(self._url) and 0 < self._size() <= max(kept.size, 0)
        return kept if usable and kept.validator else None

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _transport_message(self, error: httpx.TransportError) -> str:
        if isinstance(error, httpx.TimeoutException):
            return f"no answer in time ({type(error).__name__})"
        if isinstance(error, httpx.ConnectError):
            return f"no connection ({reason(error)})"
        return f"the connection broke after {self._size()} bytes ({reason(error)})"


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
            raise DataError(f"refused a redirect from https to {shown(str(request.url))}")
        self._secure = secure


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _forget(part: Path) -> None:
    """Remove a broken download and what is known about it."""
    with writing(part):
        part.unlink(missing_ok=True)
        _version_file(part).unlink(missing_ok=True)


def shown(source: str) -> str:
    """Take the password out of an address.

    Parameters
    ----------
    source
        A URL, or any other source.

    Returns
    -------
    str
        The source, fit for a message.
    """
    return re.sub(r"(?<=://)[^/@]*@", "", source)
