"""From rows of a table to one score a run: the learning rate, the last epochs, the seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.commands.judge.table import ResultsError, metric_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Runs:
    """The scores of one optimizer on one problem.

    Attributes
    ----------
    problem
        None where the table has no such column.
    optimizer
        Its name in the table.
    learning_rate
        The one whose runs are judged; None where the table has no such column.
    seeds
        One a run, ascending.
    scores
        Shape ``(seeds,)``, float64: the metric's mean over the last epochs.
    """

    problem: str | None
    optimizer: str
    learning_rate: float | None
    seeds: tuple[int | float | str, ...]
    scores: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return float(self.scores.mean())

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation over seeds; None for a single one."""
        return float(self.scores.std(ddof=1)) if self.scores.size > 1 else None


def collect_runs(path: Path, frame: pd.DataFrame, metric: str, last: int) -> list[Runs]:
    """Return the runs to judge, by problem and optimizer in alphabetical order.

    Where there are learning rates, an optimizer's runs on a problem are those at the one with the most seeds.
    The last epochs are those of the problem: the same for all its runs.

    Parameters
    ----------
    path
        For messages.
    frame
        As `table.read_results` returns it.
    metric
        A column of it.
    last
        How many epochs are averaged, at least 1.

    Raises
    ------
    ResultsError
        Where several learning rates share the most seeds, a run lacks one of the last epochs, there are
        fewer epochs than `last`, or the metric of a row that counts is missing, NaN, infinite or no number.
    """
    if last < 1:
        raise ResultsError(f"--last is {last}, at least 1 is needed.")
    if last > 1 and "epoch" not in frame.columns:
        raise ResultsError(f"--last {last} needs a column epoch, and {path} has none.")
    problems = _by(frame, "problem") if "problem" in frame.columns else [(None, frame)]
    return [runs for problem, rows in problems for runs in _runs_of_problem(path, rows, problem, metric, last)]


def _by(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), rows) for name, rows in frame.groupby(frame[column].astype(str), sort=True)]


def _runs_of_problem(path: Path, rows: pd.DataFrame, problem: str | None, metric: str, last: int) -> list[Runs]:
    chosen = [
        (optimizer, *_at_best_covered_rate(path, own, _where(problem, optimizer)))
        for optimizer, own in _by(rows, "optimizer")
    ]
    epochs = _last_epochs(path, [own for _, _, own in chosen], problem, last)
    return [_one_optimizer(path, own, (problem, optimizer, rate), metric, epochs) for optimizer, rate, own in chosen]


def _where(problem: str | None, optimizer: str) -> str:
    return optimizer if problem is None else f"{optimizer} on {problem}"


def _at_best_covered_rate(path: Path, rows: pd.DataFrame, where: str) -> tuple[float | None, pd.DataFrame]:
    if "learning_rate" not in rows.columns:
        return None, rows
    seeds = rows.groupby("learning_rate")["seed"].nunique()
    most = seeds.index[seeds == seeds.max()]
    if len(most) > 1:
        named = ", ".join(f"{rate:g}" for rate in most[:_MOST_NAMED]) + (", …" if len(most) > _MOST_NAMED else "")
        raise ResultsError(
            f"{path}: {where} has {len(most)} learning rates with {seeds.max()} seed(s) each ({named}), "
            "so it is open which one to judge. Keep the rows of one of them (chosen on validation data)."
        )
    return float(most[0]), rows[rows["learning_rate"] == most[0]]


def _last_epochs(
    path: Path, chosen: Sequence[pd.DataFrame], problem: str | None, last: int
) -> NDArray[np.float64] | None:
    if "epoch" not in chosen[0].columns:
        return None
    epochs = np.unique(np.concatenate([rows["epoch"].to_numpy(dtype=np.float64) for rows in chosen]))
    if epochs.size < last:
        where = path if problem is None else f"{path}, {problem}"
        raise ResultsError(f"--last {last} asks for more than the {epochs.size} epoch(s) of {where}.")
    return epochs[-last:]


def _one_optimizer(
    path: Path,
    rows: pd.DataFrame,
    names: tuple[str | None, str, float | None],
    metric: str,
    epochs: NDArray[np.float64] | None,
) -> Runs:
    problem, optimizer, rate = names
    if epochs is not None:
        _refuse_short_runs(path, rows, _where(problem, optimizer), epochs)
        rows = rows[rows["epoch"].isin(epochs)]
    scores = metric_values(path, rows, metric).groupby(rows["seed"]).mean().sort_index()
    seeds = tuple(scores.index.tolist())
    return Runs(problem, optimizer, rate, seeds, scores.to_numpy(dtype=np.float64))


def _refuse_short_runs(path: Path, rows: pd.DataFrame, where: str, epochs: NDArray[np.float64]) -> None:
    for seed, run in rows.groupby("seed"):
        missing = np.setdiff1d(epochs, run["epoch"].to_numpy(dtype=np.float64))
        if missing.size:
            raise ResultsError(
                f"{path}: {where}, seed {seed}, has no row for epoch {missing[-1]:g}, which other runs have. "
                "Runs are judged at the same epochs: add the rows, cut all runs to the same length, "
                "or leave this seed out for every optimizer."
            )
