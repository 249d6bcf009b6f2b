"""The comparisons of somebody's results: paired by seed, corrected together, each with a plain sentence."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.commands.judge.runs import Runs, collect_runs
from pipeline.commands.judge.table import ResultsError, choose_metric, closest, read_results
from pipeline.statistics.paired import ALPHA, Outcome, PairedComparison, compare, holm, smallest_p
from pipeline.statistics.rankings import critical_difference, friedman_test, mean_ranks

if TYPE_CHECKING:
    from pathlib import Path


# Fixed, so that the same table always gets the same intervals.
_BOOTSTRAP_SEED = 0
_LOWER_IS_BETTER = re.compile(
    r"(loss|error|perplexity)s?$|(^|[^a-z])(err|ppl|nll|mse|rmse|mae|ece|time|seconds)([^a-z]|$)"
)
# A margin above a tenth of the whole range is almost surely a number of percentage points.
_LARGEST_MARGIN_OF_A_FRACTION = 0.1


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair of optimizers on one problem.

    Attributes
    ----------
    a, b
        The runs compared; the difference is a − b.
    comparison
        None where the two cannot be compared.
    corrected_p
        Holm's p over all comparisons of the table; None where not compared.
    outcome
        What may be said of `a`.
    reason
        Why the two were not compared; empty where they were.
    """

    a: Runs
    b: Runs
    comparison: PairedComparison | None
    corrected_p: float | None
    outcome: Outcome | Literal["not tested"]
    reason: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """Mean ranks over problems × seeds.

    Attributes
    ----------
    ranks
        Optimizer to mean rank, 1 is best, the best first.
    blocks
        How many problems × seeds.
    p
        Friedman's p that all rank alike.
    critical_difference
        Nemenyi's, at 5 %.
    """

    ranks: dict[str, float]
    blocks: int
    p: float
    critical_difference: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that is said about a table of results.

    Attributes
    ----------
    metric
        The column judged.
    higher_is_better
        The direction, as told or as taken from the metric's name.
    direction_is_guessed
        Whether it was taken from the name.
    is_fraction
        Whether the metric is an accuracy between 0 and 1, to be shown in percentage points.
    last
        How many epochs were averaged; None where there are none.
    margin
        The largest difference that does not matter, in the metric's own unit, if stated.
    runs
        Every optimizer on every problem.
    judged
        Every comparison.
    ranking
        None with fewer than three optimizers, or where not all ran the same seeds of the same problems.
    notes
        What a reader must know to take the figures right.
    """

    metric: str
    higher_is_better: bool
    direction_is_guessed: bool
    is_fraction: bool
    last: int | None
    margin: float | None
    runs: list[Runs]
    judged: list[Judged]
    ranking: Ranking | None
    notes: list[str]


def judge_results(
    path: Path,
    *,
    metric: str | None = None,
    higher_is_better: bool | None = None,
    last: int = 1,
    margin: float | None = None,
    baseline: str | None = None,
) -> Judgement:
    """Judge a CSV of results.

    Parameters
    ----------
    path
        See `table.read_results`.
    metric
        The column to judge; None takes the only numeric one, or ``test_accuracy``.
    higher_is_better
        None takes it from the metric's name (lower for a loss, an error, a time; higher otherwise).
    last
        How many of the last epochs are averaged.
    margin
        The largest difference that does not matter, in the metric's own unit.
    baseline
        Compare every optimizer with this one; None compares all pairs.

    Raises
    ------
    ResultsError
        Where the table is not one (see `table` and `runs`), the baseline is not in it, the margin is out of
        range, or no two optimizers can be compared.
    """
    frame = read_results(path)
    chosen = choose_metric(path, frame, metric)
    runs = collect_runs(path, frame, chosen, last)
    is_fraction = _is_fraction(chosen, runs)
    _check_margin(margin, is_fraction)
    upwards = _upwards(chosen) if higher_is_better is None else higher_is_better
    judged = _judge_pairs(_pairs(path, runs, baseline), margin, upwards)
    if not judged:
        raise ResultsError(f"{path}: nothing can be compared, no two of the optimizers share a problem.")
    if all(entry.comparison is None for entry in judged):
        reasons = " ".join(dict.fromkeys(f"{_title(entry)}: {entry.reason}" for entry in judged))
        raise ResultsError(f"{path}: nothing can be compared. {reasons}")
    return Judgement(
        metric=chosen,
        higher_is_better=upwards,
        direction_is_guessed=higher_is_better is None,
        is_fraction=is_fraction,
        last=last if "epoch" in frame.columns else None,
        margin=margin,
        runs=runs,
        judged=judged,
        ranking=_rank(runs, upwards),
        notes=_notes(judged, margin),
    )


def _is_fraction(metric: str, runs: list[Runs]) -> bool:
    scores = np.concatenate([one.scores for one in runs])
    return "acc" in metric.lower() and bool(scores.min() >= 0) and bool(scores.max() <= 1)


def _check_margin(margin: float | None, is_fraction: bool) -> None:
    if margin is None:
        return
    if not (np.isfinite(margin) and margin > 0):
        raise ResultsError(f"--margin is {margin}, a positive number is needed.")
    if is_fraction and margin > _LARGEST_MARGIN_OF_A_FRACTION:
        raise ResultsError(
            f"--margin {margin:g} would be {100 * margin:g} percentage points: the metric is a fraction. "
            f"For {margin:g} percentage points give --margin {margin / 100:g}."
        )


def _upwards(metric: str) -> bool:
    return _LOWER_IS_BETTER.search(metric.lower()) is None


def _pairs(path: Path, runs: list[Runs], baseline: str | None) -> list[tuple[Runs, Runs]]:
    names = sorted({one.optimizer for one in runs})
    if len(names) < 2:
        raise ResultsError(f"{path} holds one optimizer ({names[0]}): two are needed for a comparison.")
    if baseline is not None and baseline not in names:
        raise ResultsError(
            f"{path} has no optimizer {baseline!r} to be the baseline{closest(baseline, names)}; "
            f"found {', '.join(names)}."
        )
    pairs = [(a, b) for a, b in itertools.combinations(runs, 2) if a.problem == b.problem]
    if baseline is None:
        return pairs
    against = [(b, a) if a.optimizer == baseline else (a, b) for a, b in pairs]
    return [(a, b) for a, b in against if b.optimizer == baseline]


def _judge_pairs(pairs: list[tuple[Runs, Runs]], margin: float | None, upwards: bool) -> list[Judged]:
    found: list[PairedComparison | str] = [_compare(a, b, margin, upwards) for a, b in pairs]
    corrected = iter(holm([one.p for one in found if isinstance(one, PairedComparison)]).tolist())
    judged = []
    for (a, b), one in zip(pairs, found, strict=True):
        if isinstance(one, str):
            judged.append(Judged(a, b, None, None, "not tested", one))
            continue
        p = next(corrected)
        judged.append(Judged(a, b, one, p, one.outcome(p), ""))
    return judged


def _compare(a: Runs, b: Runs, margin: float | None, upwards: bool) -> PairedComparison | str:
    """Return the comparison, or why there can be none."""
    for one in (a, b):
        if len(one.seeds) == 1:
            return f"{one.optimizer} has a single seed: with fewer than two, luck cannot be told from merit."
    if a.seeds != b.seeds:
        only_a, only_b = _missing(a, b), _missing(b, a)
        return (
            f"the runs are not paired ({' and '.join(filter(None, (only_a, only_b)))}). "
            "Run the missing seeds, or remove the surplus ones."
        )
    rng = np.random.default_rng(_BOOTSTRAP_SEED)
    return compare(a.scores, b.scores, margin, rng, higher_is_better=upwards)


def _missing(a: Runs, b: Runs) -> str:
    surplus = [str(seed) for seed in a.seeds if seed not in b.seeds]
    if not surplus:
        return ""
    more = f" and {len(surplus) - 5} more" if len(surplus) > 5 else ""
    return f"seed {', '.join(surplus[:5])}{more} only in {a.optimizer}"


def _title(entry: Judged) -> str:
    pair = f"{entry.a.optimizer} − {entry.b.optimizer}"
    return pair if entry.a.problem is None else f"{pair} on {entry.a.problem}"


def _rank(runs: list[Runs], upwards: bool) -> Ranking | None:
    columns: dict[str, dict[tuple[object, object], float]] = {}
    for one in runs:
        for seed, score in zip(one.seeds, one.scores.tolist(), strict=True):
            columns.setdefault(one.optimizer, {})[one.problem, seed] = score
    names, blocks = list(columns), list(columns[runs[0].optimizer])
    same = all(set(column) == set(blocks) for column in columns.values())
    if not same or len(names) < 3 or len(blocks) < 2:
        return None
    table = np.array([[columns[name][block] for name in names] for block in blocks])
    if (table == table[:, :1]).all():
        return None
    mean = mean_ranks(table, higher_is_better=upwards)
    order = np.argsort(mean, kind="stable")
    return Ranking(
        ranks={names[i]: float(mean[i]) for i in order},
        blocks=len(blocks),
        p=friedman_test(table).p,
        critical_difference=critical_difference(len(names), len(blocks)),
    )


def _notes(judged: list[Judged], margin: float | None) -> list[str]:
    tested = [entry.comparison for entry in judged if entry.comparison is not None]
    pairs = max(comparison.pairs for comparison in tested)
    floor = smallest_p(pairs) * len(tested)
    notes = []
    if floor > ALPHA:
        notes.append(
            f"With {pairs} seeds the smallest possible p is {smallest_p(pairs):.4f}, "
            f"and {min(floor, 1):.4f} after Holm's correction for {len(tested)} comparison(s): "
            "no difference, however large, can be significant. "
            "More seeds would change that, or fewer comparisons (--baseline)."
        )
    if margin is None:
        notes.append(
            "Without --margin, 'no meaningful difference' is not a possible answer: inconclusive does not mean alike."
        )
    return notes
