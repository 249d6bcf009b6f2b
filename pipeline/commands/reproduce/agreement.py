"""How well rows that were trained again agree with the recorded ones: bit-identical, consistent, or different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.project.wording import counted
from pipeline.reporting.numbers_in_words import decimal, p_value, percent
from pipeline.statistics.families import max_t
from pipeline.statistics.inversion import FEWEST_FOR_EQUIVALENCE
from pipeline.statistics.paired import ALPHA, holm
from pipeline.statistics.unpaired import prediction_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.commands.reproduce.recorded import Row

    Pair = tuple[Row, Row]  # recorded, and here


@dataclass(frozen=True)
class Judged:
    """The answer for one problem; neither identical nor different means statistically consistent."""

    identical: bool
    different: bool
    sentence: str


def by_problem(found: Iterable[Pair]) -> dict[str, list[Pair]]:
    """Return the pairs by the name of their problem."""
    return _grouped((pair[0].problem, pair) for pair in found)


def is_identical(old: Row, new: Row) -> bool:
    """Return whether every recorded figure is the same to its last digit, and the weights where they were recorded."""
    same = (old.figures, old.diverged) == (new.figures, new.diverged)
    return same and old.weights in (None, new.weights)


def shown(row: Row) -> str:
    """Return what a training reached on the test examples, for people."""
    return percent(row.reached) if row.measure == "accuracy" else decimal(row.reached)


def judge(problem: str, pairs: Sequence[Pair]) -> Judged:
    """Say whether what was trained again agrees with what was recorded.

    Where something differs, the optimizers of the problem form a family. With six seeds or more, max-T asks whether the
    differences seed by seed have a mean of 0; with fewer, Student's t asks whether the new seeds could be further ones
    of those recorded, corrected by Holm's method. Another processor rounds differently, so that a training ends
    elsewhere, as it would with another seed; a change of its settings or its code moves all seeds alike.
    """
    if all(is_identical(*pair) for pair in pairs):
        return Judged(identical=True, different=False, sentence=_identical(problem, pairs))
    by_optimizer = _grouped((pair[0].optimizer, pair) for pair in pairs)
    lost = [own[0][0].label for own in by_optimizer.values() if any(old.diverged != new.diverged for old, new in own)]
    finished = {name: kept for name, own in by_optimizer.items() if (kept := _finished(own))}
    p, test = _tested(list(finished.values()))
    off = [own for own, one in zip(finished.values(), p, strict=True) if one <= ALPHA]
    if lost or off:
        named = [*(_means(own) for own in off), *(f"{label} diverged in one of the two alone" for label in lost)]
        return Judged(identical=False, different=True, sentence=f"{problem}: different: {'; '.join(named)} ({test}).")
    same = sum(is_identical(*pair) for pair in pairs)
    return Judged(
        identical=False,
        different=False,
        sentence=f"{problem}: statistically consistent: {same} of {counted(len(pairs), 'training')} bit-identical, and "
        f"no optimizer differs from its recorded seeds by more than chance ({test}, smallest p {p_value(min(p))}). "
        f"Farthest apart: {_means(list(finished.values())[int(np.argmin(p))])}.",
    )


def _grouped(items: Iterable[tuple[str, Pair]]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = {}
    for name, pair in items:
        found.setdefault(name, []).append(pair)
    return found


def _identical(problem: str, pairs: Sequence[Pair]) -> str:
    known = sum(old.weights is not None for old, _ in pairs)
    weights = "and its weights, byte for byte" if known == len(pairs) else "to the last digit; no weights were recorded"
    return (
        f"{problem}: bit-identical: of {counted(len(pairs), 'training')} every figure of results/runs.csv, {weights}."
    )


def _finished(own: Sequence[Pair]) -> list[Pair]:
    return [(old, new) for old, new in own if old.reached is not None and new.reached is not None]


def _tested(families: Sequence[Sequence[Pair]]) -> tuple[list[float], str]:
    """Return the corrected p of each optimizer, and how it was tested."""
    if not families:
        return [], "nothing else to compare"
    fewest = min(map(len, families))
    more = " or more" if fewest < max(map(len, families)) else ""
    seeds = f"{counted(fewest, 'seed')}{more} of {counted(len(families), 'optimizer')}"
    if fewest >= FEWEST_FOR_EQUIVALENCE:
        table = np.full((max(map(len, families)), len(families)), np.nan)
        for place, own in enumerate(families):
            table[: len(own), place] = _here(own) - _then(own)
        corrected = max_t(table, np.random.default_rng(0)).corrected
        return corrected.tolist(), f"max-T, {seeds}"
    alone = [prediction_test(_here(own), _others(own)) for own in families]
    return holm(alone).tolist(), f"Student's t against the recorded seeds, {seeds}"


def _here(own: Sequence[Pair]) -> np.ndarray:
    return np.array([new.reached for _, new in own], dtype=np.float64)


def _then(own: Sequence[Pair]) -> np.ndarray:
    return np.array([old.reached for old, _ in own], dtype=np.float64)


def _others(own: Sequence[Pair]) -> np.ndarray:
    return np.array([value for value in own[0][0].others if value is not None], dtype=np.float64)


def _means(own: Sequence[Pair]) -> str:
    say = percent if own[0][0].measure == "accuracy" else decimal
    return f"{own[0][0].label} {say(float(_here(own).mean()))} here, {say(float(_then(own).mean()))} recorded"
