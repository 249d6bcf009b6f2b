"""``python -m pipeline ui``: fill the MLflow store from the outputs of DVC, then open its UI."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI on 127.0.0.1.")] = 5000,
    fill_only: Annotated[bool, typer.Option(help="Fill the store and stop.")] = False,
) -> None:
    """Open the MLflow UI on 127.0.0.1, after filling in whatever runs its store lacks.

    Every training is one run; an experiment a problem, a parent run an optimizer. Runs that came from a restored cache
    or were made while a tracking server was down are filled in first, none twice. Example:

    python -m pipeline ui --port 5001
    """
    from pipeline import tracking
    from pipeline.project.errors import UserError
    from pipeline.settings import loading
    from pipeline.tracking import publishing, server

    settings = loading.load()
    remote = tracking.is_server(tracking.store_uri())
    if not (fill_only or remote):
        server.check_port(port)
    record = publishing.tracker(settings)
    written = publishing.publish_all(settings, record)
    if not record.usable:
        raise UserError(f"the MLflow store {tracking.shown_uri()} cannot be used: see the warning above.")
    _say(f"{tracking.shown_uri()}: {written} runs written or completed")
    if fill_only:
        return
    page = record.page(settings.main_problem)
    if remote:
        _say(f"The tracking server shows them itself: {tracking.shown_uri().rstrip('/')}{page}")
        return
    address = f"http://127.0.0.1:{port}{page}"
    server.serve(tracking.store_uri(), port, lambda: _say(f"MLflow UI: {address} (Ctrl-C ends it)"))


def _say(text: str) -> None:
    # at once, even into a file
    print(text, file=sys.stderr, flush=True)
