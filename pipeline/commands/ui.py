"""``optimizer-study ui``: fill the MLflow store from the outputs of DVC, then open its UI."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pipeline.project.errors import UserError
from pipeline.settings import loading

_RESULTS_ALONE = (
    "No trainings lie here, so there is one run per optimizer and problem, made from results/. "
    "`optimizer-study run` (the whole study) and `optimizer-study demo` (minutes, in its own folder) make a run for "
    "each training."
)


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the UI on 127.0.0.1.")] = 5000,
    fill_only: Annotated[bool, typer.Option(help="Fill the store and stop.")] = False,
) -> None:
    """Open the MLflow UI on 127.0.0.1, after filling in the runs that its store lacks.

    There is one experiment per problem, one parent run per optimizer, and one child run per training. Runs are missing
    where results came from a cache or the store could not be reached; none is written twice. A fresh clone has no
    trainings: its runs tell what results/ holds. Example:

    optimizer-study ui --port 5001
    """
    from pipeline import tracking
    from pipeline.reporting.drawing import colours
    from pipeline.tracking import connection, publishing, server

    settings = loading.load()
    remote = tracking.is_server(tracking.store_uri())
    if not (fill_only or remote):
        server.check_port(port)
    record = connection.tracker(settings)
    faults: list[str] = []
    # there is no study that goes on, and no later command that helps
    record.warn, record.usable = faults.append, True
    written = publishing.publish_all(settings, record, colours.by_optimizer(settings.optimizers))
    if faults:
        raise UserError(faults[0])
    _say(f"{tracking.shown_uri()}: {written} runs written or completed")
    if not publishing.holds_trainings(settings):
        _say(_RESULTS_ALONE)
    if fill_only:
        return
    page = record.page(settings.main_problem)
    if remote:
        _say(f"The tracking server shows them itself: {tracking.server_link()}{page}")
        return
    address = f"http://127.0.0.1:{port}{page}"
    said = f"MLflow UI: {address} (Ctrl-C ends it)\nThe same as charts: {address}&compareRunsMode=CHART"
    server.serve(tracking.store_uri(), port, lambda: _say(said))


def _say(text: str) -> None:
    # at once, even into a file
    print(text, file=sys.stderr, flush=True)
