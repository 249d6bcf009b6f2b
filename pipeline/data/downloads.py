"""An archive from a URL: resumed where it broke off, unpacked when it is whole, then checked by its members' hashes."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from pipeline.console.progress import Progress, progress
from pipeline.data.unpacking import reason, unpack, writing
from pipeline.project.addresses import shown, without_secrets
from pipeline.project.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.data.archives import Archive

_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """How long a download waits, and how many attempts in a row may bring no new byte; waits double."""

    attempts: int = 4
    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    longest_wait_seconds: float = 30.0
    sleep: Callable[[float], None] = time.sleep


def fetch_url(archive: Archive, url: str, target: Path, downloads: Path, patience: Patience) -> str:
    """Load an archive file, resuming what `downloads` holds of it, and unpack it; return the address shown."""
    # one for each address: the files of two servers may be packed differently
    part = downloads / f"{archive.file_name}.{hashlib.sha256(url.encode()).hexdigest()[:8]}.part"
    with writing(downloads):
        downloads.mkdir(parents=True, exist_ok=True)
    with progress(f"download {archive.name}", None, "B") as bar:
        # no published way to pack the members makes them twice as large
        _download(url, part, 2 * archive.size, patience, bar)
    try:
        unpack(archive, part, target)
    except DataError:
        # it would be resumed next time and be as wrong again
        part.unlink(missing_ok=True)
        raise
    with writing(downloads):
        part.replace(downloads / archive.file_name)
        for other in downloads.glob(f"{archive.file_name}.*.part"):
            other.unlink()
    return shown(url)


class _PassingError(DataError):
    """The next attempt may go better."""


def _download(url: str, part: Path, most_bytes: int, patience: Patience, bar: Progress) -> None:
    """Load a file to its end; attempts that bring new bytes do not count, for a weak line may need many."""
    furthest, fruitless = _size(part), 0
    while True:
        try:
            return _attempt(url, part, most_bytes, patience, bar)
        except _PassingError as error:
            fruitless = 0 if _size(part) > furthest else fruitless + 1
            if fruitless >= patience.attempts:
                raise
            wait = min(2.0 ** max(fruitless - 1, 0), patience.longest_wait_seconds)
            bar.say(f"{shown(url)}: {error}; next attempt in {wait:.0f} s")
        furthest = max(_size(part), furthest)
        patience.sleep(wait)


def _attempt(url: str, part: Path, most_bytes: int, patience: Patience, bar: Progress) -> None:
    have = _size(part)
    # of a compressed transfer, ranges and lengths would count other bytes than the file's
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    timeout = httpx.Timeout(patience.read_seconds, connect=patience.connect_seconds)
    try:
        with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as response:
            _receive(response, part, have, most_bytes, bar)
    except (httpx.InvalidURL, httpx.TooManyRedirects, httpx.UnsupportedProtocol) as error:
        raise DataError(without_secrets(reason(error), url)) from error
    except httpx.TimeoutException as error:
        raise _PassingError(f"no answer in time ({type(error).__name__})") from error
    except httpx.ConnectError as error:
        raise _PassingError(f"no connection ({without_secrets(reason(error), url)})") from error
    except httpx.TransportError as error:
        why = without_secrets(reason(error), url)
        raise _PassingError(f"the connection broke after {_size(part)} bytes ({why})") from error


def _receive(response: httpx.Response, part: Path, have: int, most_bytes: int, bar: Progress) -> None:
    status = response.status_code
    if status == 416:
        return  # all of it is there: unpacking shows whether it is right
    if status not in (200, 206):
        kind = _PassingError if status in _PASSING_STATUSES else DataError
        raise kind(f"the server answered {status} {response.reason_phrase}")
    if status == 200:
        have = 0
    length = response.headers.get("Content-Length", "")
    bar.set_total(have + int(length) if length.isdecimal() else None)
    bar.restart(have)
    with writing(part), part.open("ab" if have else "wb") as file:
        # pieces as they come: of larger ones, the last would be lost with the connection
        for piece in response.iter_raw():
            have += len(piece)
            if have > most_bytes:
                part.unlink()
                raise DataError(f"refused, because it is larger than {most_bytes} bytes")
            file.write(piece)
            bar.advance(len(piece))


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
