"""The answer first: the best optimizer of the main problem, the place of the baseline, and by how much they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Bullets, Heading, Item, Paragraph
from pipeline.reporting.numbers_in_words import NONE, ordinal
from pipeline.statistics.intervals import mean_interval

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results


def build(results: Results) -> list[Item]:
    """Return the section."""
    items: list[Item] = [Heading("The answer", "answer")]
    if results.answer:
        items.append(Paragraph(f"**{results.answer}**"))
    items.append(Paragraph(" ".join(sentences(results))))
    if results.other_problems:
        items.append(Paragraph(f"The best of each problem, and {results.label(results.baseline)} beside it:"))
        items.append(Bullets(tuple(_best(results, problem) for problem in results.settings.problems)))
    items.append(
        Paragraph(
            "One study can refute an “always”; it can never prove one. All of this holds for these problems, "
            "networks and [budgets](#setup)."
        )
    )
    return items


def sentences(results: Results) -> list[str]:
    """Return the ranking of the main problem in plain sentences: the best, the baseline or the second, the last."""
    problem = results.main_problem
    ranked = results.ranked(problem)
    found, judging = results.measured(problem), results.judging(problem)
    best, last = ranked[0], ranked[-1]
    others = ranked[1:2] if best == results.baseline else [name for name in ranked if name == results.baseline]
    text = [
        f"On {results.title(problem)}, {results.label(best)} reached the {judging.best} mean test {judging.noun} of "
        f"{counted(len(ranked), 'optimizer')}: {judging.with_interval(found[best].reached)} over "
        f"{counted(results.seeds(problem), 'seed')}."
    ]
    text += [
        f"{results.label(name)} came {ordinal(ranked.index(name) + 1)} with "
        f"{judging.with_interval(found[name].reached)}{_behind(results, problem, best, name)}."
        for name in others
    ]
    if last not in (best, *others):
        text.append(f"Last came {results.label(last)} with {judging.with_interval(found[last].reached)}.")
    return text


def _behind(results: Results, problem: str, best: str, other: str) -> str:
    """Return how far one optimizer lies behind another, paired by seed; nothing where a seed has no value."""
    found, judging = results.measured(problem), results.judging(problem)
    ahead, behind = found[best].reached.seeds, found[other].reached.seeds
    if None in (*ahead, *behind):
        return ""
    sign = 1 if judging.higher_is_better else -1
    difference = mean_interval(sign * (np.array(ahead, dtype=np.float64) - np.array(behind, dtype=np.float64)))
    level = not float(format(judging.scale * difference.estimate, judging.form))
    text = f", {'level with' if level else judging.difference(difference.estimate) + ' behind'} {results.label(best)}"
    bounds = judging.between(difference.low, difference.high)
    if bounds == NONE:
        return text
    alike = (difference.low or 0) <= 0 <= (difference.high or 0)
    doubt = "; these seeds do not tell the two apart" if alike else ""
    return f"{text} (paired by seed, 95 % interval {bounds}{doubt})"


def _best(results: Results, problem: str) -> str:
    ranked, baseline = results.ranked(problem), results.baseline
    measured, judging = results.measured(problem), results.judging(problem)
    shown = {name: judging.with_unit(measured[name].reached.mean) for name in ranked}
    tied = [name for name in ranked if shown[name] == shown[ranked[0]]]
    text = f"{results.title(problem)}: {listed([results.label(name) for name in tied])} {shown[ranked[0]]}"
    if baseline not in ranked or baseline in tied:
        return text
    place = f"{ordinal(ranked.index(baseline) + 1)} of {len(ranked)}"
    return f"{text}; {results.label(baseline)} {place} with {shown[baseline]}"
