"""Where the MLflow store is, whether it answers, and how many runs it holds."""

from __future__ import annotations

import threading

from pipeline.commands.doctor.finding import Finding, ok, warning
from pipeline.tracking import sqlite_file, store

_SUBJECT = "MLflow"
# MLflow itself would try a database that is down for minutes
_SECONDS = 20
_MOST_RUNS = 1000
_REMEDY = "the study runs without it, and then `make ui` fills the runs in"


def runs(seconds: float = _SECONDS) -> Finding:
    """Open the store as a training would, and count its runs; a store that is not there is not made."""
    where = store.shown_uri()
    path = store.sqlite_path()
    if path and not path.exists():
        return ok(_SUBJECT, f"{where}: not there yet; the first run makes it")
    if path and sqlite_file.is_unfinished(path):
        return ok(_SUBJECT, f"{where}: holds nothing, because its making was cut off; the next run makes it anew")
    answers: list[Finding] = []
    asking = threading.Thread(target=lambda: answers.append(_ask(where)), daemon=True)
    asking.start()
    asking.join(seconds)
    return answers[0] if answers else warning(_SUBJECT, f"{where}: no answer within {seconds:g} s", _REMEDY)


def _ask(where: str) -> Finding:
    try:
        with store.quietly():
            client = store.look()
            experiments = [one.experiment_id for one in client.search_experiments()]
            found = client.search_runs(experiments, max_results=_MOST_RUNS) if experiments else []
    except Exception as error:  # noqa: BLE001 - whatever a store or its network does, it is no reason to stop
        return warning(_SUBJECT, f"{where}: {store.reason(error)}", f"{store.remedy(error)}; {_REMEDY}")
    more = " or more" if len(found) == _MOST_RUNS else ""
    return ok(_SUBJECT, f"{where}: {len(found):,}{more} runs")
