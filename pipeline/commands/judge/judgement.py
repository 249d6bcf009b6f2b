"""The comparisons of somebody's results: paired by seed, corrected together."""

from __future__ import annotations

import itertools
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.commands.judge.scores import Scores, collect
from pipeline.commands.judge.table import MOST_NAMED, ResultsError, choose_metric, read_results
from pipeline.project.errors import UserError
from pipeline.project.wording import closest, counted, listed
from pipeline.statistics.paired import ALPHA, PairedComparison, compare, holm_of_tested, smallest_p
from pipeline.statistics.ranks import MeanRanks, rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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
    """One pair of optimizers on one problem: a − b, Holm's p over all comparisons, or the reason why there is none."""

    a: Scores
    b: Scores
    comparison: PairedComparison | None
    corrected_p: float | None
    reason: str

    @property
    def conclusion(self) -> str:
        """What may be said about `a`."""
        if self.comparison is None or self.corrected_p is None:
            return "not tested"
        return self.comparison.conclusion(self.corrected_p)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All that is said about a table of results."""

    metric: str
    higher_is_better: bool
    direction_is_guessed: bool  # from the metric's name
    is_fraction: bool  # an accuracy between 0 and 1, to be shown in percentage points
    last: int | None  # how many epochs were averaged, where there are any
    margin: float | None
    scores: list[Scores]
    judged: list[Judged]
    ranking: MeanRanks | None  # None where all tie, or not all ran the same seeds of the same problems
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
    """Judge a CSV of results; the options are those of the command."""
    if last < 1:
        raise UserError(f"--last is {last}, at least 1 is needed.")
    if margin is not None and not (np.isfinite(margin) and margin > 0):
        raise UserError(f"--margin is {margin}, a positive number is needed.")
    with _named(path):
        frame = read_results(path)
        chosen = choose_metric(frame, metric)
        scores = collect(frame, chosen, last)
        is_fraction = _is_fraction(chosen, scores)
        if is_fraction and margin is not None and margin > _LARGEST_MARGIN_OF_A_FRACTION:
            raise UserError(
                f"--margin {margin:g} would be {100 * margin:g} percentage points: the metric is a fraction. "
                f"For {margin:g} percentage points give --margin {margin / 100:g}."
            )
        upwards = _LOWER_IS_BETTER.search(chosen.lower()) is None if higher_is_better is None else higher_is_better
        judged = _compare_all(_pairs(scores, baseline), margin, upwards)
    return Judgement(
        metric=chosen,
        higher_is_better=upwards,
        direction_is_guessed=higher_is_better is None,
        is_fraction=is_fraction,
        last=last if "epoch" in frame.columns else None,
        margin=margin,
        scores=scores,
        judged=judged,
        ranking=_rank(scores, upwards),
        notes=_notes(judged, margin),
    )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Begin every message on the table with its path."""
    try:
        yield
    except ResultsError as error:
        raise ResultsError(f"{path}: {error}") from None


def _is_fraction(metric: str, scores: Sequence[Scores]) -> bool:
    values = np.concatenate([one.values for one in scores])
    return "acc" in metric.lower() and bool(values.min() >= 0) and bool(values.max() <= 1)


def _pairs(scores: Sequence[Scores], baseline: str | None) -> list[tuple[Scores, Scores]]:
    names = sorted({one.optimizer for one in scores})
    if len(names) < 2:
        raise ResultsError(f"there is only one optimizer ({names[0]}); a comparison needs two.")
    if baseline is not None and baseline not in names:
        raise ResultsError(f"there is no optimizer {baseline!r} to be the baseline{closest(baseline, names)}.")
    pairs = [(a, b) for a, b in itertools.combinations(scores, 2) if a.problem == b.problem]
    if baseline is not None:
        against = [(b, a) if a.optimizer == baseline else (a, b) for a, b in pairs]
        pairs = [(a, b) for a, b in against if b.optimizer == baseline]
    if not pairs:
        raise ResultsError("nothing can be compared: no two of the optimizers share a problem.")
    return pairs


def _compare_all(pairs: Sequence[tuple[Scores, Scores]], margin: float | None, upwards: bool) -> list[Judged]:
    reasons = [_unusable(a, b) for a, b in pairs]
    if all(reasons):
        named = dict.fromkeys(
            f"{a.optimizer} − {b.optimizer}{f' on {a.problem}' if a.problem else ''}: {reason}"
            for (a, b), reason in zip(pairs, reasons, strict=True)
        )
        raise ResultsError(f"nothing can be compared. {' '.join(named)}")
    found = [
        None
        if reason
        else compare(a.values, b.values, margin, np.random.default_rng(_BOOTSTRAP_SEED), higher_is_better=upwards)
        for (a, b), reason in zip(pairs, reasons, strict=True)
    ]
    return [
        Judged(a, b, comparison, p, reason)
        for (a, b), comparison, p, reason in zip(pairs, found, holm_of_tested(found), reasons, strict=True)
    ]


def _unusable(a: Scores, b: Scores) -> str:
    """Say why two optimizers cannot be compared, or nothing."""
    for one in (a, b):
        if len(one.seeds) == 1:
            return f"{one.optimizer} has a single seed: with fewer than two, a difference cannot be told from chance."
    if a.seeds == b.seeds:
        return ""
    surplus = " and ".join(filter(None, (_surplus(a, b), _surplus(b, a))))
    return f"the runs are not paired ({surplus}). Run the missing seeds, or remove the surplus ones."


def _surplus(one: Scores, other: Scores) -> str:
    seeds = [seed for seed in one.seeds if seed not in other.seeds]
    return f"seed{'s' * (len(seeds) > 1)} {listed(seeds, most=MOST_NAMED)} only in {one.optimizer}" if seeds else ""


def _rank(scores: Sequence[Scores], upwards: bool) -> MeanRanks | None:
    columns: dict[str, dict[tuple[object, object], float]] = {}
    for one in scores:
        for seed, value in zip(one.seeds, one.values.tolist(), strict=True):
            columns.setdefault(one.optimizer, {})[one.problem, seed] = value
    blocks = columns[scores[0].optimizer]
    if any(set(column) != set(blocks) for column in columns.values()):
        return None
    table = np.array([[column[block] for column in columns.values()] for block in blocks])
    ranking = rank(list(columns), table if upwards else -table, ALPHA)
    return None if ranking is None or ranking.p is None else ranking


def _notes(judged: Sequence[Judged], margin: float | None) -> list[str]:
    tested = [entry.comparison for entry in judged if entry.comparison is not None]
    pairs = max(comparison.pairs for comparison in tested)
    floor = smallest_p(pairs) * len(tested)
    notes = []
    if floor > ALPHA:
        notes.append(
            f"With {pairs} seeds the smallest possible p is {smallest_p(pairs):.4f}, "
            f"and {min(floor, 1):.4f} after Holm's correction for {counted(len(tested), 'comparison')}: "
            "no difference, however large, can be significant. "
            "More seeds would change that, or fewer comparisons (--baseline)."
        )
    if margin is None:
        notes.append(
            "Without --margin, 'no meaningful difference' is not a possible answer: inconclusive does not mean alike."
        )
    return notes
