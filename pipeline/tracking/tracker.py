"""A connection to MLflow that never stops the work it records.

Every training is one run, exactly once: its tag ``key`` is the hash of all that decides its outcome, and `Tracker.sync`
writes what a store lacks. A store that cannot be reached costs one warning; the runs are filled in later.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from pipeline.tracking import models, store
from pipeline.tracking.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np
    from torch import nn

    from pipeline.tracking.entities import DataSet
    from pipeline.training.record import Outcome


class Tracker:
    """A connection to an MLflow store that never stops the work it records.

    Parameters
    ----------
    datasets
        The problems' data, by name.
    warn
        Told once, in one sentence, when the store cannot be used.
    """

    def __init__(self, datasets: Mapping[str, DataSet], warn: Callable[[str], None]) -> None:
        self._datasets = datasets
        self._warn = warn
        self._runs: Runs | None = None
        self._lock = threading.Lock()
        self.usable = True

    def connect(self) -> None:
        """Open the store, if that was not done yet. Done by itself when it is first needed."""
        self._attempt(lambda _: 0)

    def sync(self, outcomes: Iterable[Outcome]) -> int:
        """Write those trainings that the store lacks.

        Returns
        -------
        int
            How many were written; 0 where the store cannot be used.
        """
        return sum(self._attempt(partial(Runs.write_missing, outcome=outcome)) for outcome in outcomes)

    def sync_metrics(self, problem: str, metrics: Mapping[str, Mapping[str, float]]) -> int:
        """Add final metrics to runs that lack them or hold others (of an older evaluation).

        Parameters
        ----------
        problem
            Name of the experiment.
        metrics
            By a training's key: name and value.
        """
        return self._attempt(lambda runs: runs.add_metrics(problem, metrics))

    def sync_model(self, outcome: Outcome, make: Callable[[], nn.Module], example: np.ndarray) -> int:
        """Log the model of a training with signature and input example, where its run has none.

        Parameters
        ----------
        outcome
            The training; its run is there.
        make
            Builds the model (only called where it is needed).
        example
            uint8 images (n ≥ 2, height, width, channels).
        """
        return self._attempt(lambda runs: models.log(runs, outcome, make, example))

    def sync_registry(self, name: str, outcome: Outcome) -> int:
        """Register the model of a training, and let the alias ``champion`` name the best one of the same data.

        Parameters
        ----------
        name
            Of the registered model.
        outcome
            The training, with a validation accuracy; nothing is registered where its run has no model.
        """
        return self._attempt(lambda runs: models.register(runs, name, outcome))

    def page(self, problem: str) -> str:
        """Return where a UI shows a problem's runs: what to append to its address, empty before anything is known.

        The address names the kind of work, because the UI starts with pages of language models otherwise.
        """
        experiment = self._runs.known_experiment(problem) if self._runs else None
        return f"/#/experiments/{experiment}/runs?workflowType=machine_learning" if experiment else ""

    def _attempt(self, write: Callable[[Runs], int]) -> int:
        # one at a time: two threads that find the store out of reach would both say so
        with self._lock:
            if not self.usable:
                return 0
            try:
                with store.quietly(), store.one_writer():
                    if self._runs is None:
                        self._runs = Runs(store.connect(), self._datasets)
                    return write(self._runs)
            except Exception as error:  # noqa: BLE001 - whatever a store or its network does, the study goes on
                self.usable = False
                self._warn(
                    f"MLflow store {store.shown_uri()} cannot be used ({store.reason(error)}). "
                    "The study goes on without it; `make ui` fills the runs in later."
                )
                return 0
