"""Where the MLflow store is, and how it is reached: quietly, and by one writer at a time."""

from __future__ import annotations

import contextlib
import os
import textwrap
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipeline.console import quiet
from pipeline.project import addresses, paths
from pipeline.project.imports import without_collector

if TYPE_CHECKING:
    from collections.abc import Iterator

# MLflow would try a server that is down for minutes
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "8"}


def store_uri() -> str:
    """Return the store's address: ``MLFLOW_TRACKING_URI``, or a SQLite file in the user's project."""
    # a folder's name may hold ? and #, which have a meaning in an address
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{quote(str(paths.shared_root() / 'mlflow.db'), '/ ')}"


def is_server(address: str) -> bool:
    """Return whether the address is that of a tracking server."""
    return address.startswith(("http://", "https://"))


def shown_uri() -> str:
    """Return the store's address without a password."""
    return addresses.shown(store_uri())


def reason(error: Exception, address: str | None = None) -> str:
    """Return an error's message as a short line without a password; the address is the store's, unless given."""
    said = addresses.without_secrets(str(error), address or store_uri())
    return textwrap.shorten(f"{type(error).__name__}: {said}", 120, placeholder="…")


def connect() -> Any:
    """Return a client of the store, once the store has answered; a database that does not exist is made."""
    with without_collector():
        from mlflow import MlflowClient

        client = MlflowClient(store_uri())
        client.search_experiments(max_results=1)
    return client


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

    folder = paths.memo()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "mlflow.lock"):
        yield
