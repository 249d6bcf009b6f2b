"""Where the MLflow store is, whether it answers, and how many runs it holds.

It is asked in its own tongue, SQL or HTTP: MLflow's client would make a store where there is none.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipeline import tracking
from pipeline.commands.doctor.finding import Finding, ok, warning

if TYPE_CHECKING:
    from sqlalchemy import URL

_SUBJECT = "MLflow"
_SECONDS = 5
# Of runs at once from a server: it sends all that it knows of each
_MOST_RUNS = 1000
_COUNT = "SELECT COUNT(*) FROM runs WHERE lifecycle_stage = 'active'"


class _NoAnswerError(Exception):
    """Says why a store cannot be asked."""


def runs() -> Finding:
    """Count the runs of the store that the study writes to; a store out of reach is no reason to stop."""
    where = tracking.shown_uri()
    try:
        found = _ask(tracking.store_uri())
    except _NoAnswerError as error:
        remedy = "the study goes on without it; `make ui` fills the runs in when it is back"
        return warning(_SUBJECT, f"{where}: {error}", remedy)
    return ok(_SUBJECT, f"{where}: {found}")


def _ask(address: str) -> str:
    if tracking.is_server(address):
        return _ask_server(address.rstrip("/"))
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except ArgumentError:
        raise _NoAnswerError("this kind of store cannot be looked at from here") from None
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return "not made yet; the first run makes it"
    return _ask_database(url)


def _ask_database(url: URL) -> str:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = create_engine(url, **_options(url))
        try:
            with engine.connect() as connection:
                return f"{connection.execute(text(_COUNT)).scalar_one():,} runs"
        finally:
            engine.dispose()
    except (ImportError, SQLAlchemyError) as error:
        # the first line: the rest is the statement, or a driver's advice
        raise _NoAnswerError(str(error).partition("\n")[0]) from None


def _options(url: URL) -> dict[str, Any]:
    """Return what lets a database be asked without being changed or waited for."""
    if url.get_backend_name() == "sqlite":
        address = f"file:{quote(str(Path(url.database or '').resolve()))}?mode=ro"
        return {"creator": lambda: sqlite3.connect(address, uri=True, timeout=_SECONDS)}
    if url.get_backend_name() in ("postgresql", "mysql"):
        return {"connect_args": {"connect_timeout": _SECONDS}}
    return {}


def _ask_server(address: str) -> str:
    import httpx

    try:
        with httpx.Client(timeout=_SECONDS, **_credentials()) as client:
            return _count(client, f"{address}/api/2.0/mlflow")
    except httpx.HTTPStatusError as error:
        # its own text holds the address, and that may hold a password
        raise _NoAnswerError(f"answers with HTTP status {error.response.status_code}") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise _NoAnswerError(f"{type(error).__name__}: {error}".partition("\n")[0]) from None


def _credentials() -> dict[str, Any]:
    """Return what MLflow's own client would take from the environment."""
    if token := os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"headers": {"Authorization": f"Bearer {token}"}}
    if name := os.environ.get("MLFLOW_TRACKING_USERNAME"):
        return {"auth": (name, os.environ.get("MLFLOW_TRACKING_PASSWORD", ""))}
    return {}


def _count(client: Any, api: str) -> str:
    experiments = _post(client, f"{api}/experiments/search", {"max_results": _MOST_RUNS}).get("experiments", [])
    if not experiments:
        return "answers; 0 runs"
    names = [one["experiment_id"] for one in experiments]
    page = _post(client, f"{api}/runs/search", {"experiment_ids": names, "max_results": _MOST_RUNS})
    more = " or more" if page.get("next_page_token") else ""
    return f"answers; {len(page.get('runs', [])):,}{more} runs"


def _post(client: Any, address: str, question: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(address, json=question).raise_for_status().json()
    if not isinstance(answer, dict):
        raise ValueError("this is no MLflow server")
    return answer
