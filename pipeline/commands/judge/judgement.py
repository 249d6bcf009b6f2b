"""Judge somebody's results: read, understand, compare, conclude."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.commands.judge import direction, layouts, pairing, reading, roles, scores
from pipeline.commands.judge.filtering import keep
from pipeline.commands.judge.table import ResultsError
from pipeline.console.progress import late_progress
from pipeline.project.errors import UserError
from pipeline.project.wording import counted, listed
from pipeline.statistics import paired, unpaired
from pipeline.statistics.ranks import MeanRanks, rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from pipeline.commands.judge.pairing import Judged
    from pipeline.commands.judge.scores import Scores
    from pipeline.commands.judge.table import Table

# A margin above a tenth of the whole range is almost surely a number of percentage points; one below a tenth of a
# percentage point, where values are in percent, is almost surely a fraction.
_LARGEST_MARGIN_OF_A_FRACTION = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All that is said about a table of results; a notebook shows it as the command does.

    `to_frame` gives the comparisons for further work, `pipeline.commands.judge.shown.as_items` all of it as JSON.
    """

    metric: str
    higher_is_better: bool
    direction_from_name: bool
    is_fraction: bool  # an accuracy between 0 and 1, to be shown in percentage points
    last: int | None  # how many epochs were averaged, where there are any
    margin: float | None
    understood: str
    scores: list[Scores]
    judged: list[Judged]
    ranking: MeanRanks | None  # None where all tie, or not all ran the same seeds of the same problems
    notes: list[str]

    def to_frame(self) -> pd.DataFrame:
        """Return a row per comparison, figures in the metric's own unit.

        Returns
        -------
        DataFrame
            Columns ``problem``, ``a``, ``b``, ``difference`` (a − b), ``low`` and ``high`` (95 %), ``p``, ``p_holm``,
            ``probability_of_improvement``, ``paired``, ``runs_a``, ``runs_b``, ``conclusion`` and ``reason``; missing
            where the two were not compared.
        """
        from pipeline.commands.judge import shown

        return shown.as_frame(self)

    def _repr_html_(self) -> str:
        from pipeline.commands.judge import shown

        return shown.as_html(self)


def judge_results(
    results: Path | str | pd.DataFrame | None = None,
    *,
    metric: str | None = None,
    higher_is_better: bool | None = None,
    last: int = 1,
    margin: float | None = None,
    baseline: str | None = None,
    optimizer_column: str | None = None,
    seed_column: str | None = None,
    problem_column: str | None = None,
    epoch_column: str | None = None,
    learning_rate_column: str | None = None,
    where: Sequence[str] = (),
    mlflow: str | None = None,
    tracking_uri: str | None = None,
) -> Judgement:
    """Judge anybody's results: paired by seed where seeds match, exact tests, Holm over all comparisons.

    A run that a column ``diverged`` marks counts as the worst: an accuracy of 0, or the worst of its problem.

    Parameters
    ----------
    results
        A DataFrame, or the path of a table (CSV, TSV, gzip, Parquet, xlsx), ``-`` for standard input. Layouts: a row
        per run (and epoch), a column per optimizer, per seed or per run, MLflow's and W&B's exports.
    metric
        The column to judge; not needed where there is only one, or one called test_accuracy.
    higher_is_better
        Not needed where the metric's name says it, such as accuracy or val_loss.
    last
        How many of the last epochs are averaged.
    margin
        The largest difference that does not matter, in the metric's own unit.
    baseline
        Compare every optimizer with this one instead of all pairs.
    optimizer_column, seed_column, problem_column, epoch_column, learning_rate_column
        Which column says it, where its name does not.
    where
        Conditions such as ``"batch_size=64"``: only rows that meet all of them are judged.
    mlflow
        The name of an MLflow experiment to judge instead of a table, in the store `tracking_uri`, or else in the
        project's own.

    Raises
    ------
    UserError
        If the table cannot be judged as it stands; the message names the line, the column, and what to do.
    """
    _check_options(last, margin)
    requested = roles.Requested(
        {
            "optimizer": optimizer_column,
            "seed": seed_column,
            "problem": problem_column,
            "epoch": epoch_column,
            "learning_rate": learning_rate_column,
        },
        metric,
    )
    with _named(results, mlflow):
        table = keep(_table(results, mlflow, tracking_uri), where)
        runs = layouts.understand(table, requested)
        if not runs.rows:
            raise ResultsError("there are no values.")
        upwards = direction.of(runs.metric, higher_is_better)
        found, notes = scores.collect(runs, last, higher_is_better=upwards)
        highest = _highest(runs.metric, found)
        _check_margin(margin, highest)
        couples = pairing.pairs(found, baseline)
        scale = pairing.Scale(margin, upwards, highest)
        with late_progress("compare", len(couples), "pairs") as advance:
            judged = pairing.compare_all(couples, scale, advance)
    return Judgement(
        metric=runs.metric or "values",
        higher_is_better=upwards,
        direction_from_name=higher_is_better is None,
        is_fraction=highest == 1,
        last=None if runs.rows[0].epoch is None else last,
        margin=margin,
        understood="; ".join([f"{counted(len(runs.rows), 'row')}, {runs.understood}", *table.read]),
        scores=found,
        judged=judged,
        ranking=_rank(found, upwards),
        notes=[*runs.left_out, *notes, *_notes(judged, found, margin, highest)],
    )


def _check_options(last: int, margin: float | None) -> None:
    if last < 1:
        raise UserError(f"--last is {last}, at least 1 is needed.")
    if margin is not None and not (np.isfinite(margin) and margin > 0):
        raise UserError(f"--margin is {margin}, a positive number is needed.")


@contextmanager
def _named(results: object, mlflow: str | None) -> Iterator[None]:
    """Begin every message on the table with where it is from."""
    source = f"MLflow's experiment {mlflow}" if mlflow is not None else results
    name = {"-": "standard input"}.get(str(source), source) if isinstance(source, str) else source
    try:
        yield
    except ResultsError as error:
        raise ResultsError(f"{'the DataFrame' if hasattr(name, 'columns') else name}: {error}") from None


def _table(results: Path | str | pd.DataFrame | None, mlflow: str | None, tracking_uri: str | None) -> Table:
    if (results is None) == (mlflow is None):
        raise UserError("give a table of results, or --mlflow with an experiment's name: one of the two.")
    if tracking_uri is not None and mlflow is None:
        raise UserError("--tracking-uri says where an MLflow experiment is: give its name with --mlflow.")
    if mlflow is not None:
        return reading.experiment(mlflow, tracking_uri)
    assert results is not None  # noqa: S101 - one of the two is given
    return reading.read(results)


def _highest(metric: str, found: Sequence[Scores]) -> float | None:
    """Return the most that an accuracy can be, 1 or 100 as its values say; None for any other metric."""
    values = np.concatenate([one.values for one in found])
    if not direction.is_accuracy(metric) or values.min() < 0 or values.max() > 100:
        return None
    return 1.0 if values.max() <= 1 else 100.0


def _check_margin(margin: float | None, highest: float | None) -> None:
    if highest == 1 and margin is not None and margin > _LARGEST_MARGIN_OF_A_FRACTION:
        raise UserError(
            f"--margin {margin:g} would be {100 * margin:g} percentage points: the metric is a fraction. "
            f"For {margin:g} percentage points give --margin {margin / 100:g}."
        )


def _rank(found: Sequence[Scores], upwards: bool) -> MeanRanks | None:
    columns: dict[str, dict[tuple[object, object], float]] = {}
    for one in found:
        if one.seeds is None:
            return None
        for seed, value in zip(one.seeds, one.values.tolist(), strict=True):
            columns.setdefault(one.optimizer, {})[one.problem, seed] = value
    blocks = columns[found[0].optimizer]
    if any(column.keys() != blocks.keys() for column in columns.values()):
        return None
    table = np.array([[column[block] for column in columns.values()] for block in blocks])
    ranking = rank(list(columns), table if upwards else -table, paired.ALPHA)
    return None if ranking is None or ranking.p is None else ranking


def _notes(judged: Sequence[Judged], found: Sequence[Scores], margin: float | None, highest: float | None) -> list[str]:
    notes = [pairing.why_unpaired(judged), _too_few(judged), _without_spread(judged), _alike_names(found)]
    if margin is None:
        notes.append(
            "Without --margin, 'no meaningful difference' is not a possible answer: inconclusive does not mean alike."
        )
    elif highest == 100 and margin < _LARGEST_MARGIN_OF_A_FRACTION:
        notes.append(
            f"The values are in percent, so a margin of {margin:g} is {margin:g} percentage points. "
            f"For {100 * margin:g} percentage points give --margin {100 * margin:g}."
        )
    return [note for note in notes if note]


def _too_few(judged: Sequence[Judged]) -> str:
    """Say that not even the largest difference could be significant, if so."""
    tested = [entry.comparison for entry in judged if entry.comparison is not None]
    smallest, runs = min((_smallest_p(entry), entry.runs) for entry in judged if entry.comparison is not None)
    floor = smallest * len(tested)
    if floor <= paired.ALPHA:
        return ""
    return (
        f"With {runs} the smallest possible p is {smallest:.4f}, and {min(floor, 1):.4f} after Holm's "
        f"correction for {counted(len(tested), 'comparison')}: no difference, however large, can be significant. "
        "More seeds would change that, or fewer comparisons (--baseline)."
    )


def _smallest_p(entry: Judged) -> float:
    sizes = entry.a.values.size, entry.b.values.size
    if isinstance(entry.comparison, unpaired.UnpairedComparison):
        return unpaired.smallest_p(*sizes)
    return paired.smallest_p(sizes[0])


def _without_spread(judged: Sequence[Judged]) -> str:
    if not any(entry.comparison and entry.comparison.interval.low is None for entry in judged):
        return ""
    return "Where all of so few differences are equal, they say nothing about their spread: the interval is not known."


def _alike_names(found: Sequence[Scores]) -> str:
    """Say which names differ in capitals only."""
    by_folded: dict[str, list[str]] = {}
    for name in dict.fromkeys(one.optimizer for one in found):
        by_folded.setdefault(name.casefold(), []).append(name)
    alike = [listed(map(repr, names)) for names in by_folded.values() if len(names) > 1]
    return f"Taken as different optimizers: {'; '.join(alike)}." if alike else ""
