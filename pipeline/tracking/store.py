"""Where the MLflow store is, and how it is reached: quietly, and by one writer at a time."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipeline.console import quiet
from pipeline.project import addresses, paths, proxies
from pipeline.project.imports import without_collector
from pipeline.tracking import sqlite_file

if TYPE_CHECKING:
    from collections.abc import Iterator

# MLflow would try a server that is down for minutes
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "8"}
# What that does not bound: a database that is down, a server that sends a byte now and then
CONNECT_SECONDS = 120.0
_ARTIFACTS = "mlartifacts"


def store_uri() -> str:
    """Return the store's address: ``MLFLOW_TRACKING_URI``, or a SQLite file in the user's project.

    A path that is relative there belongs to the user's project: MLflow would take it for one below the current folder,
    which may be a copy that DVC deletes.
    """
    given = os.environ.get("MLFLOW_TRACKING_URI", "")
    return _absolute(given) if given else f"sqlite:///{_quoted(_own_file())}"


def _quoted(path: Path) -> str:
    """Return a path as a part of an address, in which ? and # have a meaning.

    No other sign is escaped: MLflow makes the folder of a SQLite file by the name that it has in the address.
    """
    return re.sub("[%?#]", lambda sign: quote(sign[0]), str(path))


def _absolute(address: str) -> str:
    if found := _relative_file(address):
        scheme, path, rest = found
        root = paths.shared_root()
        return f"{scheme}{_quoted(root)}/{path}{rest}" if scheme != "file:" else (root / path).as_uri()
    return address


def _relative_file(address: str) -> tuple[str, str, str] | None:
    """Split the address of a file or folder whose path is relative: what comes before the path, it, and the rest."""
    sqlite = re.fullmatch(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:)([^?]+)(\?.*)?", address)
    if sqlite:
        return sqlite[1], sqlite[2], sqlite[3] or ""
    folder = re.fullmatch(r"(file:)?(?!/)([^:]*/[^:]*|\.|mlruns)", address)
    return ("file:", folder[2], "") if folder else None


def _own_file() -> Path:
    return paths.shared_root() / "mlflow.db"


def artifacts(problem: str) -> Path:
    """Return where a store that is a database keeps the files of a problem's runs."""
    return paths.shared_root() / _ARTIFACTS / problem


def sqlite_path(address: str | None = None) -> Path | None:
    """Return the file of a store (the project's, unless given) that is a SQLite database, or None where it is none."""
    address = address or store_uri()
    # of `sqlite:x`, which is no address, MLflow says so
    if not re.match(r"sqlite(\+\w+)?://", address):
        return None
    from sqlalchemy.engine import make_url

    name = make_url(address).database
    return Path(name) if name and name != ":memory:" else None


def is_server(address: str) -> bool:
    """Return whether the address is that of a tracking server."""
    return address.startswith(("http://", "https://"))


def shown_uri() -> str:
    """Return the store's address without a password."""
    return addresses.shown(store_uri())


def server_link() -> str:
    """Return a tracking server's address for a browser, without user and password."""
    return addresses.as_link(store_uri()).rstrip("/")


def reason(error: Exception, address: str | None = None) -> str:
    """Return an error's message as a short line without a password: its beginning and its end, where the cause is.

    The address is the store's, unless given.
    """
    # what follows is SQL, or a link
    first = next(iter(str(error).splitlines()), "")
    said = addresses.without_secrets(first, address or store_uri())
    text = f"{type(error).__name__}: {' '.join(said.split())}"
    return text if len(text) <= 230 else f"{text[:120].rstrip()} … {text[-105:].lstrip()}"


_NEWER = "store of a newer MLflow"
# What MLflow, SQLAlchemy and SQLite say of a store that cannot be opened, and what helps
_REMEDIES = (
    (f"locate revision|{_NEWER}", "a newer MLflow wrote it: name another store in MLFLOW_TRACKING_URI"),
    ("out-of-date database schema", "an older MLflow wrote it: copy it, then `mlflow db upgrade {address}`"),
    ("maintenance mode", "MLflow keeps no runs in folders any more: MLFLOW_TRACKING_URI=sqlite:///mlflow.db"),
    ("not a database|malformed", "the file is damaged: move it away, and a new one is made"),
    ("readonly|unable to open|ermission denied", "make the file and its folder writable, or name another store"),
    ("database is locked", "another program holds it: end that one"),
    ("SOCKS support", "`pip install pysocks`, or name the store's host in NO_PROXY"),
    ("CERTIFICATE|CA certificate", "correct or set REQUESTS_CA_BUNDLE or MLFLOW_TRACKING_SERVER_CERT_PATH"),
    ("No module named", "install that package, or name another store in MLFLOW_TRACKING_URI"),
)


def remedy(error: Exception, address: str | None = None) -> str:
    """Return what to do about a store (the project's, unless given) that cannot be opened."""
    said = f"{error} {_NEWER}" if _is_newer(str(error)) else str(error)
    for words, deed in _REMEDIES:
        if re.search(words, said):
            return deed.format(address=addresses.shown(address or store_uri()))
    if not (address or os.environ.get("MLFLOW_TRACKING_URI")):
        return "move the file away, and a new one is made"
    way = proxies.way_to(address or store_uri())
    ways = f"; or correct or unset {way}, whose proxy leads to it" if way else ""
    other = "give another address" if address else "correct or unset MLFLOW_TRACKING_URI"
    return f"start it, or {other}{ways}"


def _is_newer(said: str) -> bool:
    """Return whether a schema that MLflow calls out of date is one that this MLflow does not know."""
    found = re.search(r"found version (\w+)", said)
    package = importlib.util.find_spec("mlflow")
    if not (found and package and package.origin):
        return False
    # each migration is a file that begins with the version that it leads to
    known = Path(package.origin).parent / "store" / "db_migrations" / "versions"
    return known.is_dir() and not any(known.glob(f"{found[1]}_*.py"))


def connect() -> Any:
    """Return a client of the store, once the store has answered; a database that does not exist is made."""
    path = sqlite_path()
    if path and (not path.exists() or sqlite_file.is_unfinished(path)):
        sqlite_file.make(path, lambda new: _open(f"sqlite:///{_quoted(new)}"))
    if path and path == _own_file():
        sqlite_file.adopt(path, paths.shared_root() / _ARTIFACTS)
    return look()


def look() -> Any:
    """Return a client of a store that is there, once it has answered; changes nothing."""
    return _open(store_uri()) if sqlite_path() else _within(CONNECT_SECONDS)


def _open(address: str) -> Any:
    with without_collector():
        from mlflow import MlflowClient

        client = MlflowClient(address)
        client.search_experiments(max_results=1)
    return client


def _within(seconds: float) -> Any:
    """Open a store that may never answer."""
    # before the clock starts: on a busy machine it takes as long as a store may
    with without_collector():
        import mlflow  # noqa: F401

    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(_open(store_uri()))
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            answers.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    if not answers:
        raise TimeoutError(f"no answer within {seconds:g} s")
    if isinstance(answers[0], Exception):
        raise answers[0]
    return answers[0]


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Switch MLflow's telemetry, banners and long retries off, unless the user asked for them."""
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        quiet.hush()
        yield


@contextlib.contextmanager
def one_writer() -> Iterator[None]:
    """Let one process at a time search and write: two that miss the same run would both write it."""
    from filelock import FileLock

    # beside a database, which two clones may share
    path = sqlite_path()
    lock = path.with_name(f"{path.name}.lock") if path else paths.memo() / "mlflow.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        yield
