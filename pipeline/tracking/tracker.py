"""A connection to MLflow that never stops the work it records."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from pipeline.tracking import store, study, views
from pipeline.tracking.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from pipeline.tracking.entities import DataSet
    from pipeline.training.record import Outcome

# Writes what the store lacks, and returns how many runs it changed
Job: TypeAlias = "Callable[[Runs], int]"

# Trainings that are filled in while no other process may write: a stage that runs beside it waits so long
_AT_ONCE = 100


class Tracker:
    """A connection to an MLflow store that never stops the work it records. Not for two threads at a time.

    `datasets` and `searched` are those of `Runs`. `warn` gets a message when the store cannot be used; from that first
    failure on, `usable` is false.
    """

    def __init__(
        self,
        datasets: Mapping[str, DataSet],
        warn: Callable[[str], None],
        searched: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._datasets = datasets
        self._searched = searched
        self._runs: Runs | None = None
        self.warn = warn
        self.usable = True

    def sync(self, outcomes: Iterable[Outcome]) -> int:
        """Write the trainings that the store lacks, and what its known runs lack; return how many runs it changed."""
        rest, written = iter(outcomes), 0
        while some := list(islice(rest, _AT_ONCE)):
            written += self.do(partial(Runs.write_all, outcomes=some))
        return written

    def do(self, job: Job) -> int:
        """Do a job with the store; return what the job does, or 0 if the store cannot be used."""
        if not self.usable:
            return 0
        try:
            with store.quietly(), store.one_writer():
                if self._runs is None:
                    self._runs = Runs(store.connect(), self._datasets, self._searched)
                return job(self._runs)
        except Exception as error:  # noqa: BLE001 - whatever a store or its network does, the study goes on
            self.usable = False
            self.warn(
                f"MLflow store {store.shown_uri()} cannot be used ({store.reason(error)}). "
                f"What helps: {store.remedy(error)}."
            )
            return 0

    def page(self, problem: str) -> str:
        """Return what to append to a UI's address to see a problem's runs; empty if none was written or looked up."""
        experiment = self._runs.known_experiment(problem) if self._runs else None
        return views.address(experiment) if experiment else ""

    def where(self, problem: str, name: str) -> str | None:
        """Say where the parent run on a problem, written or found last, is to be seen; None if there is none."""
        run = self._runs.last_parents.get(problem) if self._runs else None
        return self._said(problem, f"run {name}", run) if run else None

    def where_study(self) -> str | None:
        """Say where the run of the study is to be seen; None if it was not written."""
        run = self._runs.last_study if self._runs else None
        return self._said(study.EXPERIMENT, "the run of this study", run) if run else None

    def _said(self, experiment: str, name: str, run: str) -> str:
        if store.is_server(store.store_uri()):
            known = self._runs.known_experiment(experiment) if self._runs else None
            return f"MLflow: {store.server_link()}/#/experiments/{known}/runs/{run}"
        return f"MLflow: {name}, in the experiment {experiment}; `make ui` shows it"
