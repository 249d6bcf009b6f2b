"""The study's results as tables, for a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.project import shipped
from pipeline.project.paths import PARAMS
from pipeline.reporting import study_results, summary
from pipeline.reporting.formats.markdown import plain
from pipeline.reporting.numbers_in_words import rate
from pipeline.results.tables import RUNS
from pipeline.settings import loading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reporting.study_results import Results

_OF_A_CLAIM = ("title", "verdict", "answer", "effect", "unit", "low", "high", "p", "sentence")


@dataclass(frozen=True, repr=False)
class ResultTables:
    """The results of a study as pandas tables; a notebook shows the ranking on its main problem.

    Accuracies are fractions from 0 to 1, losses are in nats.

    Attributes
    ----------
    results
        The files of ``results/`` as typed objects, with the settings that they were made with.
    folder
        The project that they were read from.
    """

    results: Results
    folder: Path

    @property
    def runs(self) -> pd.DataFrame:
        """A row per problem, optimizer and seed: the columns of ``results/runs.csv``."""
        return RUNS.read(self.folder)

    @property
    def curves(self) -> pd.DataFrame:
        """The course of the trainings, means over seeds: the columns of ``results/training_curves.csv``."""
        return self.results.training_curves.copy()

    @property
    def searches(self) -> pd.DataFrame:
        """Every trial of the searches: the columns of ``results/searches.csv``."""
        return self.results.searches.copy()

    @property
    def per_class(self) -> pd.DataFrame:
        """Test accuracy per class with its 95 % interval: the columns of ``results/per_class.csv``."""
        return self.results.per_class.copy()

    @property
    def verdicts(self) -> pd.DataFrame:
        """A row per claim.

        Columns ``claim`` (its identifier), ``title``, ``verdict``, ``answer`` (in one line), ``effect`` (the difference
        that decided) with its ``unit`` and 95 % interval ``low`` and ``high``, ``p``, and ``sentence`` (the answer with
        its numbers).
        """
        rows = [
            (name, *(getattr(one, part) for part in _OF_A_CLAIM)) for name, one in self.results.verdicts.claims.items()
        ]
        return pd.DataFrame(rows, columns=["claim", *_OF_A_CLAIM])

    @property
    def costs(self) -> pd.DataFrame:
        """A row per optimizer: what a training step costs.

        Columns ``optimizer``, ``step_ratio`` (time of a step over plain SGD's), ``low`` and ``high`` (its 95 %
        interval), ``microseconds_per_step`` and ``state_bytes_per_parameter``.
        """
        measured = self.results.cost.optimizers if self.results.cost else {}
        rows = [
            (name, *vars(one.step_ratio).values(), one.microseconds_per_step, one.state_bytes_per_parameter)
            for name, one in measured.items()
        ]
        columns = ["optimizer", "step_ratio", "low", "high", "microseconds_per_step", "state_bytes_per_parameter"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def summary(self) -> str:
        """The answer and the ranking of the main problem, in a few lines of plain text."""
        return "\n".join(summary.ranking(self.results))

    def to_frame(self) -> pd.DataFrame:
        """Return a row per problem and optimizer, in each problem the best optimizer first.

        Returns
        -------
        pandas.DataFrame
            Columns ``problem``, ``rank`` (1 is best), ``optimizer``, ``label`` (its name for people),
            ``test_accuracy`` and ``test_loss`` (means over seeds; a regression has no accuracy), ``measure`` (which of
            the two the problem is judged by), its 95 % interval ``low`` and ``high``, ``seeds``, ``diverged`` (how
            many seeds picked a training that did), ``learning_rate`` (the one that most seeds picked) and
            ``step_ratio`` (time of a step on this problem over plain SGD's).

        Examples
        --------
        >>> from pipeline import load_results
        >>> load_results().to_frame().query("rank == 1")[["problem", "label"]]  # doctest: +SKIP
        """
        return pd.DataFrame(list(self._summaries()))

    def _repr_html_(self) -> str:
        """Return the ranking on the main problem."""
        problem, found = self.results.main_problem, self.to_frame()
        found, judging = found[found["problem"] == problem], self.results.judging(problem)
        shown = pd.DataFrame(
            {
                "": found["rank"],
                "optimizer": found["label"],
                judging.axis("test"): [judging.number(_or_none(mean)) for mean in found[f"test_{judging.noun}"]],
                "95 % interval": [
                    judging.between(_or_none(low), _or_none(high))
                    for low, high in zip(found["low"], found["high"], strict=True)
                ],
                "learning rate": found["learning_rate"].map(rate),
                "time per step (SGD = 1)": found["step_ratio"].map("{:.2f}".format, na_action="ignore"),
            }
        )
        answer, title = plain(self.results.answer or ""), plain(self.results.title(problem))
        table = shown.to_html(index=False, border=0, na_rep="")
        return f"<p>{html.escape(answer)}</p><p><b>{html.escape(title)}</b></p>{table}"

    def __repr__(self) -> str:
        return self.summary

    def _summaries(self) -> Iterator[dict[str, Any]]:
        times = self.results.cost.time_per_step if self.results.cost else {}
        for problem in self.results.settings.study:
            for place, (optimizer, found) in enumerate(self.results.best_first(problem).items(), start=1):
                yield {
                    "problem": problem,
                    "rank": place,
                    "optimizer": optimizer,
                    "label": plain(self.results.label(optimizer)),
                    "test_accuracy": found.test_accuracy.mean if found.test_accuracy else None,
                    "test_loss": found.test_loss.mean,
                    "measure": found.measure,
                    "low": found.reached.low,
                    "high": found.reached.high,
                    "seeds": len(found.reached.seeds),
                    "diverged": len(found.diverged),
                    "learning_rate": found.search.usual_setting.learning_rate,
                    "step_ratio": times[problem][optimizer].ratio.median if problem in times else None,
                }


def load_results(folder: str | Path | None = None) -> ResultTables:
    """Load the results of a study.

    Parameters
    ----------
    folder
        A project's folder. By default the current one where it is a project, otherwise the results that were
        published with this package.

    Raises
    ------
    SettingsError
        If `folder` has no ``params.yaml``, or a wrong one.
    DataError
        If a file of ``results/`` is missing or does not belong to these settings.

    Examples
    --------
    >>> import pipeline
    >>> results = pipeline.load_results()
    >>> results.runs.groupby("optimizer").test_accuracy.std()  # doctest: +SKIP
    """
    root = shipped.project() if folder is None else Path(folder)
    return ResultTables(study_results.load(loading.load(root / PARAMS), root), root.resolve())


def _or_none(value: float) -> float | None:
    return None if pd.isna(value) else value
