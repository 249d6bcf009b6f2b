"""An archive from a URL: resumed where it broke off, unpacked when it is whole, then checked by its members' hashes."""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx

from pipeline.console.progress import Progress, progress
from pipeline.data.unpacking import reason, unpack, writing
from pipeline.project import proxies
from pipeline.project.addresses import shown, without_secrets
from pipeline.project.errors import DataError, UserError, first_line
from pipeline.project.wording import listed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.data.archives import Archive

_PASSING_STATUSES = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Patience:
    """How long a download waits, and how many attempts in a row may bring no new byte; waits double.

    A server may send a byte now and then for ever: in each `pace_seconds`, `least_bytes` must arrive, and all attempts
    together may take `total_seconds`.
    """

    attempts: int = 4
    connect_seconds: float = 10.0
    read_seconds: float = 30.0
    longest_wait_seconds: float = 30.0
    longest_asked_seconds: float = 60.0  # by the server, in Retry-After
    pace_seconds: float = 60.0
    least_bytes: int = 300_000
    total_seconds: float = 6 * 3600.0
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
    """The next attempt may go better, but not within the seconds that the server asks for."""

    def __init__(self, message: str, wait_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class _Pace:
    """Ends a transfer in its block that brings too little, be it its headers or its content."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._socket: socket.socket | None = None
        self._bytes = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.fault = ""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._socket:
            # httpx leaves one open whose proxy does not speak SOCKS
            self._socket.close()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Take note of the connection; an extension of httpx calls this."""
        # of a connection, or of one to a SOCKS proxy
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    def count(self, received: int) -> None:
        """Count bytes of the content."""
        self._bytes += received

    def _watch(self) -> None:
        before = 0
        while not self._over.wait(self._patience.pace_seconds):
            came, before = self._bytes - before, self._bytes
            if came < self._patience.least_bytes:
                self.fault = f"too slow: {came} bytes in {self._patience.pace_seconds:g} s"
                # not close: the other thread waits in it
                with contextlib.suppress(OSError):
                    if self._socket:
                        self._socket.shutdown(socket.SHUT_RDWR)


def _download(url: str, part: Path, most_bytes: int, patience: Patience, bar: Progress) -> None:
    """Load a file to its end; attempts that bring new bytes do not count, for a weak line may need many."""
    furthest, fruitless = _size(part), 0
    end = time.monotonic() + patience.total_seconds
    while True:
        try:
            return _attempt(url, part, most_bytes, patience, bar)
        except _PassingError as error:
            fruitless = 0 if _size(part) > furthest else fruitless + 1
            if fruitless >= patience.attempts or time.monotonic() > end:
                raise
            wait = min(2.0 ** max(fruitless - 1, 0), patience.longest_wait_seconds)
            wait = max(wait, min(error.wait_seconds, patience.longest_asked_seconds))
            bar.say(f"{shown(url)}: {error}; next attempt in {wait:.0f} s")
        furthest = max(_size(part), furthest)
        patience.sleep(wait)


def _attempt(url: str, part: Path, most_bytes: int, patience: Patience, bar: Progress) -> None:
    have = _size(part)
    # of a compressed transfer, ranges and lengths would count other bytes than the file's
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with _client(patience) as client, _Pace(patience) as pace:
        try:
            with client.stream("GET", url, headers=headers, extensions={"trace": pace.trace}) as response:
                _receive(response, part, have, most_bytes, bar, pace)
        except UserError:
            raise
        except httpx.TransportError as error:
            if pace.fault:
                # what came is kept, and another source may be faster
                raise DataError(f"{pace.fault}{_by_way_of(url)}") from error
            if isinstance(error, httpx.UnsupportedProtocol):
                raise DataError(_without_password(error, url)) from error
            raise _PassingError(_in_words(error, url, part)) from error
        except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
            raise DataError(_without_password(error, url)) from error
        except Exception as error:
            # httpx lets those of its SOCKS library and of odd names of hosts through
            raise DataError(f"no connection ({_without_password(error, url)}{_by_way_of(url)})") from error


def _client(patience: Patience) -> httpx.Client:
    """Return a client, which reads proxies and certificates from the environment."""
    timeout = httpx.Timeout(patience.read_seconds, connect=patience.connect_seconds)
    try:
        return httpx.Client(timeout=timeout, follow_redirects=True)
    except OSError as error:
        named = _certificates()
        raise DataError(f"the certificates that {named} names cannot be read ({error.strerror or error})") from error
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        named = listed(proxies.all_set(*(f"{scheme}_proxy" for scheme in ("all", "https", "http", "no"))), "or")
        raise DataError(f"the proxy that {named} names cannot be used ({_without_password(error)})") from error


def _without_password(error: Exception, url: str = "") -> str:
    """Return an error's text; of a password that holds a sign such as /, a part may be called an invalid port."""
    if isinstance(error, httpx.InvalidURL):
        return str(error).partition(":")[0]
    return without_secrets(first_line(error), url)


def _in_words(error: httpx.TransportError, url: str, part: Path) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time ({type(error).__name__}{_by_way_of(url)})"
    if isinstance(error, (httpx.ConnectError, httpx.ProxyError)):
        certificates = _certificates() if "CERTIFICATE" in str(error) else ""
        hint = f"; certificates: {certificates}" if certificates else ""
        return f"no connection ({without_secrets(reason(error), url)}{_by_way_of(url)}{hint})"
    why = without_secrets(reason(error), url)
    return f"the connection broke after {_size(part)} bytes ({why}{_by_way_of(url)})"


def _by_way_of(url: str) -> str:
    """Name the variable whose proxy a request takes; empty where it takes none."""
    named = proxies.way_to(url)
    return f", through the proxy that {named} names" if named else ""


def _certificates() -> str:
    return next(iter(proxies.all_set("SSL_CERT_FILE", "SSL_CERT_DIR")), "")


def _asked_wait(response: httpx.Response) -> float:
    """Return for how many seconds a server wants to be left alone: seconds or a date in ``Retry-After``."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    with contextlib.suppress(ValueError, TypeError):
        return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    return 0.0


def _receive(response: httpx.Response, part: Path, have: int, most_bytes: int, bar: Progress, pace: _Pace) -> None:
    status = response.status_code
    if status == 416:
        return  # all of it is there: unpacking shows whether it is right
    if status not in (200, 206):
        answer = f"the server answered {status} {response.reason_phrase}"
        raise _PassingError(answer, _asked_wait(response)) if status in _PASSING_STATUSES else DataError(answer)
    if status == 200:
        have = 0
    length = response.headers.get("Content-Length", "")
    bar.set_total(have + int(length) if length.isdecimal() else None)
    bar.restart(have)
    with writing(part), part.open("ab" if have else "wb") as file:
        # pieces as they come: of larger ones, the last would be lost with the connection
        for piece in response.iter_raw():
            have += len(piece)
            pace.count(len(piece))
            if have > most_bytes:
                part.unlink()
                raise DataError(f"refused, because it is larger than {most_bytes} bytes")
            file.write(piece)
            bar.advance(len(piece))


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
