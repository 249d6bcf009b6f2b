"""The runs of an MLflow experiment as columns, whoever wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.project.errors import DataError
from pipeline.project.wording import closest
from pipeline.tracking import store

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_AT_ONCE = 1_000
_RUN_NAME = "mlflow.runName"


def columns(experiment: str, uri: str | None = None) -> dict[str, list[Any]]:
    """Return an experiment's runs as MLflow's ``search_runs`` names their columns; None where a run lacks a value.

    Parameters
    ----------
    experiment
        Its name, or its id.
    uri
        Where the store is; otherwise ``MLFLOW_TRACKING_URI``, or the project's own store.

    Raises
    ------
    DataError
        If there is no such store or experiment, it has no runs, or the store cannot be read.
    """
    address = uri or store.store_uri()
    refuse_missing(address)
    with store.quietly():
        from mlflow import MlflowClient

        try:
            client = MlflowClient(address)
            runs = [_values(run) for run in _runs(client, _id(client, experiment))]
        except DataError:
            raise
        except Exception as error:  # noqa: BLE001 - MLflow, SQLAlchemy and the network have no common ancestor
            why, deed = store.reason(error, address), store.remedy(error, uri)
            raise DataError(f"the MLflow store cannot be read ({why}). What helps: {deed}.") from None
    if not runs:
        raise DataError(f"the experiment {experiment} has no runs.")
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: [run.get(name) for run in runs] for name in names}


def refuse_missing(address: str) -> None:
    """Refuse a database that does not exist: MLflow would make one."""
    path = store.sqlite_path(address)
    if path and not path.exists():
        raise DataError(f"there is no MLflow store {path}. Give another one with --tracking-uri.")


def _id(client: Any, experiment: str) -> str:
    found = {each.name: each.experiment_id for each in client.search_experiments()}
    if experiment in found:
        return str(found[experiment])
    if experiment in found.values():
        return experiment
    raise DataError(f"there is no experiment {experiment!r}{closest(experiment, found, most=15)}.")


def _runs(client: Any, experiment: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs([experiment], max_results=_MOST_AT_ONCE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _values(run: Any) -> dict[str, Any]:
    tags = {name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.") or name == _RUN_NAME}
    parts = {"params": run.data.params, "metrics": run.data.metrics, "tags": tags}
    return {
        "run_id": run.info.run_id,
        "status": run.info.status,
        **{f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()},
    }
