"""From rows to one score per run: the learning rate, the last epochs, the seeds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.commands.judge import cells, direction
from pipeline.commands.judge.table import MOST_NAMED, ResultsError
from pipeline.project.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from pipeline.commands.judge.runs import Row, Runs

_KEYS = ("optimizer", "seed", "problem", "epoch", "learning_rate")
_MOST_VALUES_OF_A_SETTING = 20


@dataclass(frozen=True, slots=True)
class Scores:
    """What one optimizer reached on one problem: its value of each run, the mean over the last epochs."""

    problem: str | None  # None where the table has no such column
    optimizer: str
    learning_rate: float | None  # None also where the seeds have different ones
    seeds: tuple[int | str, ...] | None  # ascending; None where the table has none
    values: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """The mean over runs."""
        return float(self.values.mean())

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation over runs; None for a single one."""
        return float(self.values.std(ddof=1)) if self.values.size > 1 else None


def collect(runs: Runs, last: int, *, higher_is_better: bool) -> tuple[list[Scores], list[str]]:
    """Return the scores to judge, by problem and optimizer in alphabetical order, and notes on what was done."""
    if last > 1 and runs.rows[0].epoch is None:
        raise ResultsError(f"--last {last} needs a column epoch (--epoch-column).")
    if runs.rows[0].seed is None and runs.rows[0].epoch is not None:
        raise ResultsError("with epochs, a column must say which run a row belongs to: name it with --seed-column.")
    _refuse_duplicates(runs)
    runs, notes = _with_worst(runs, higher_is_better=higher_is_better)
    scores, left_out = [], []
    for problem, rows in _by(runs.rows, lambda row: row.problem).items():
        found, others = _on_problem(runs, rows, problem, last)
        scores += found
        left_out += others
    if len(left_out) > MOST_NAMED:
        left_out[MOST_NAMED:] = [f"{len(left_out) - MOST_NAMED} more"]
    if left_out:
        notes.append(f"Left out, at learning rates with fewer seeds: {'; '.join(left_out)}.")
    return scores, notes + _own_rates(runs, scores)


def _with_worst(runs: Runs, *, higher_is_better: bool) -> tuple[Runs, list[str]]:
    """Give diverged runs the worst value of their problem; return a note on them as well."""
    lost = [row for row in runs.rows if row.row in runs.diverged]
    if not lost:
        return runs, []
    column = list(runs.table.columns[lost[0].column])
    for problem, rows in _by(runs.rows, lambda row: row.problem).items():
        worst = _worst(runs, [row for row in rows if row.row not in runs.diverged], problem, higher_is_better)
        for row in rows:
            column[row.row] = worst if row.row in runs.diverged else column[row.row]
    whose = listed(dict.fromkeys(row.optimizer for row in lost), most=MOST_NAMED)
    note = f"Counted as the worst result because they diverged: {counted(len(lost), 'run')} ({whose})."
    return replace(runs, table=runs.table.with_column(lost[0].column, column)), [note]


def _worst(runs: Runs, finished: Sequence[Row], problem: str | None, higher_is_better: bool) -> float:
    """Return 0 for an accuracy, otherwise the worst value of the runs that finished."""
    if higher_is_better and direction.is_accuracy(runs.metric):
        return 0.0
    if not finished:
        raise ResultsError(f"every run{'' if problem is None else f' on {problem}'} diverged: leave the problem out.")
    values = _values(runs, finished)
    return min(values) if higher_is_better else max(values)


def _own_rates(runs: Runs, scores: Sequence[Scores]) -> list[str]:
    """Say whose seeds have different learning rates."""
    if runs.rows[0].learning_rate is None:
        return []
    names = dict.fromkeys(one.optimizer for one in scores if one.learning_rate is None)
    return [f"Each seed counts at its own learning rate: {listed(names, most=MOST_NAMED)}."] if names else []


def _by(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(sorted(groups.items(), key=lambda item: str(item[0])))


def _on_problem(runs: Runs, rows: Sequence[Row], problem: str | None, last: int) -> tuple[list[Scores], list[str]]:
    on_problem = "" if problem is None else f" on {problem}"
    chosen, left_out = {}, []
    for name, own in _by(rows, lambda row: row.optimizer).items():
        chosen[name] = _at_chosen_rate(own, f"{name}{on_problem}")
        if fewer := len(own) - len(chosen[name]):
            left_out.append(f"{counted(fewer, 'row')} of {name}{on_problem}")
    epochs = _last_epochs(chosen.values(), on_problem, last)
    return [_score(runs, own, f"{name}{on_problem}", epochs) for name, own in chosen.items()], left_out


def _at_chosen_rate(rows: list[Row], where: str) -> list[Row]:
    """Return the rows at the learning rate with the most seeds; all of them where every seed has only one rate."""
    if rows[0].seed is not None and len({(row.seed, row.learning_rate) for row in rows}) == len(_seeds(rows)):
        return rows
    by_rate = _by(rows, lambda row: row.learning_rate)
    seeds = {rate: len(_seeds(own)) for rate, own in by_rate.items()}
    most = [rate for rate, count in seeds.items() if count == max(seeds.values())]
    if len(most) > 1:
        named = listed((f"{rate:g}" for rate in sorted(filter(None, most))), most=MOST_NAMED)
        raise ResultsError(
            f"{where} has {len(most)} learning rates with {counted(max(seeds.values()), 'seed')} each ({named}), "
            "so it is not clear which one to judge: keep the rows of the one that is best on validation data."
        )
    return by_rate[most[0]]


def _seeds(rows: Iterable[Row]) -> set[int | str]:
    """Return the seeds; without a column of seeds, every row is one of its own."""
    return {row.row if row.seed is None else row.seed for row in rows}


def _last_epochs(chosen: Iterable[Sequence[Row]], on_problem: str, last: int) -> list[float] | None:
    epochs = sorted({row.epoch for rows in chosen for row in rows if row.epoch is not None})
    if epochs and len(epochs) < last:
        raise ResultsError(f"--last {last} is more than the {counted(len(epochs), 'epoch')}{on_problem}.")
    return epochs[-last:] or None


def _score(runs: Runs, rows: Sequence[Row], where: str, epochs: Sequence[float] | None) -> Scores:
    first = rows[0]
    rate = first.learning_rate if len({row.learning_rate for row in rows}) == 1 else None
    if first.seed is None:
        return Scores(first.problem, first.optimizer, rate, None, np.array(_values(runs, rows)))
    by_seed = _by(rows, lambda row: row.seed)
    seeds = sorted(by_seed, key=lambda seed: (isinstance(seed, str), seed))
    values = [np.mean(_values(runs, _at_epochs(by_seed[seed], where, epochs))) for seed in seeds]
    return Scores(first.problem, first.optimizer, rate, tuple(seeds), np.array(values))


def _at_epochs(run: Sequence[Row], where: str, epochs: Sequence[float] | None) -> Sequence[Row]:
    if epochs is None:
        return run
    missing = [epoch for epoch in epochs if epoch not in {row.epoch for row in run}]
    if missing:
        raise ResultsError(
            f"{where}, seed {run[0].seed}, has no row for epoch {missing[-1]:g}, which other runs have. "
            "Runs are judged at the same epochs: add the rows, cut all runs to the same length, "
            "or leave this seed out for every optimizer."
        )
    return [row for row in run if row.epoch in epochs]


def _values(runs: Runs, rows: Sequence[Row]) -> list[float]:
    """Return the metric of `rows` as finite numbers."""
    values = [runs.table.number(row.column, row.row) for row in rows]
    for row, value in zip(rows, values, strict=True):
        if not np.isfinite(value):
            written = cells.name(runs.table.columns[row.column][row.row])
            large = "" if np.isnan(value) or "inf" in written.lower() else f", as {written} counts"
            raise ResultsError(
                f"{runs.table.at([row.row])}: {runs.metric or row.column} is {value}{large} (first: {row.named()}). "
                "Enter what a diverged run is worth (for an accuracy, that of guessing), "
                "or leave its seed out for every optimizer, which favours the one that diverged."
            )
    return values


def _refuse_duplicates(runs: Runs) -> None:
    if runs.rows[0].seed is None:
        return
    first: dict[tuple[object, ...], Row] = {}
    for row in runs.rows:
        other = first.setdefault(row[2:], row)
        if other is not row:
            known = {key.replace("_", " "): getattr(row, key) for key in _KEYS}
            run = ", ".join(f"{key} {value}" for key, value in known.items() if value is not None)
            hint = "" if row.epoch is not None else " If these are epochs, name their column with --epoch-column."
            raise ResultsError(
                f"{runs.table.at(sorted({other.row, row.row}))}: rows of the same run ({run}). "
                f"{_differing(runs, other.row, row.row)}{hint}"
            )


def _differing(runs: Runs, one: int, other: int) -> str:
    """Say which columns tell two rows of the same run apart, such as a batch size."""
    names = [
        name
        for name, column in runs.table.columns.items()
        if column[one] != column[other]
        and name != runs.rows[0].column
        and len({str(cell) for cell in column}) <= min(_MOST_VALUES_OF_A_SETTING, len(column) // 2)
    ]
    if not names:
        return "Keep one of them."
    example = cells.name(runs.table.columns[names[0]][one])
    return f"They differ in {listed(names, most=MOST_NAMED)}: keep one value, as --where {names[0]}={example} does."
