"""From rows of a table to one score per run: the learning rate, the last epochs, the seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.commands.judge.table import MOST_NAMED, ResultsError, metric_values
from pipeline.project.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scores:
    """What one optimizer reached on one problem: its value of each seed, the mean over the last epochs."""

    problem: str | None  # None where the table has no such column
    optimizer: str
    learning_rate: float | None
    seeds: tuple[int | float | str, ...]  # ascending
    values: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return float(self.values.mean())

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation over seeds; None for a single one."""
        return float(self.values.std(ddof=1)) if self.values.size > 1 else None


def collect(frame: pd.DataFrame, metric: str, last: int) -> list[Scores]:
    """Return the scores to judge, by problem and optimizer in alphabetical order."""
    if last > 1 and "epoch" not in frame.columns:
        raise ResultsError(f"--last {last} needs a column epoch.")
    problems = _by(frame, "problem") if "problem" in frame.columns else [(None, frame)]
    return [scores for problem, rows in problems for scores in _on_problem(rows, problem, metric, last)]


def _by(frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), rows) for name, rows in frame.groupby(frame[column].astype(str), sort=True)]


def _on_problem(rows: pd.DataFrame, problem: str | None, metric: str, last: int) -> list[Scores]:
    on_problem = "" if problem is None else f" on {problem}"
    chosen = [(name, *_at_chosen_rate(own, f"{name}{on_problem}")) for name, own in _by(rows, "optimizer")]
    epochs = _last_epochs([own for _, _, own in chosen], on_problem, last)
    found = []
    for optimizer, rate, own in chosen:
        judged = own if epochs is None else _at_epochs(own, f"{optimizer}{on_problem}", epochs)
        values = metric_values(judged, metric).groupby(judged["seed"]).mean().sort_index()
        seeds = tuple(values.index.tolist())
        found.append(Scores(problem, optimizer, rate, seeds, values.to_numpy(dtype=np.float64)))
    return found


def _at_chosen_rate(rows: pd.DataFrame, where: str) -> tuple[float | None, pd.DataFrame]:
    if "learning_rate" not in rows.columns:
        return None, rows
    seeds = rows.groupby("learning_rate")["seed"].nunique()
    most = seeds.index[seeds == seeds.max()]
    if len(most) > 1:
        named = listed((f"{rate:g}" for rate in most), most=MOST_NAMED)
        raise ResultsError(
            f"{where} has {len(most)} learning rates with {counted(seeds.max(), 'seed')} each ({named}), "
            "so it is not clear which one to judge. Keep the rows of one of them (chosen on validation data)."
        )
    return float(most[0]), rows[rows["learning_rate"] == most[0]]


def _last_epochs(chosen: Sequence[pd.DataFrame], on_problem: str, last: int) -> NDArray[np.float64] | None:
    if "epoch" not in chosen[0].columns:
        return None
    epochs = np.unique(np.concatenate([rows["epoch"].to_numpy(dtype=np.float64) for rows in chosen]))
    if epochs.size < last:
        raise ResultsError(f"--last {last} is more than the {counted(epochs.size, 'epoch')}{on_problem}.")
    return epochs[-last:]


def _at_epochs(rows: pd.DataFrame, where: str, epochs: NDArray[np.float64]) -> pd.DataFrame:
    for seed, run in rows.groupby("seed"):
        missing = np.setdiff1d(epochs, run["epoch"].to_numpy(dtype=np.float64))
        if missing.size:
            raise ResultsError(
                f"{where}, seed {seed}, has no row for epoch {missing[-1]:g}, which other runs have. "
                "Runs are judged at the same epochs: add the rows, cut all runs to the same length, "
                "or leave this seed out for every optimizer."
            )
    return rows[rows["epoch"].isin(epochs)]
