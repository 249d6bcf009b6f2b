"""The answer first: who won on the main problem, where Adam came in, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.reporting.items import Bullets, Heading, Item, Paragraph
from pipeline.reporting.verdict_text import answer_of
from pipeline.reporting.wording import counted, listed, number, ordinal, percent, points, with_interval
from pipeline.statistics.intervals import mean_interval

if TYPE_CHECKING:
    from pipeline.reporting.results import Results


def build(results: Results) -> list[Item]:
    """Return the section."""
    verdict = answer_of(results.verdicts)
    items: list[Item] = [Heading("The answer", "answer")]
    if verdict:
        items.append(Paragraph(f"**{verdict}**"))
    items.append(Paragraph(" ".join(sentences(results))))
    if results.other_problems:
        items.append(Paragraph("The winners of all problems, with Adam beside them:"))
        items.append(Bullets(tuple(_winner(results, problem) for problem in results.settings.problems)))
    items.append(
        Paragraph(
            "One study can refute an “always”; it can never prove one. All of this holds for these problems, "
            "networks and [budgets](#setup)."
        )
    )
    return items


def sentences(results: Results) -> list[str]:
    """Return the ranking of the main problem in plain sentences: the best, Adam, the last."""
    problem = results.main_problem
    ranked = results.ranked(problem)
    found = results.metrics[problem]
    best, second, last = ranked[0], ranked[min(1, len(ranked) - 1)], ranked[-1]
    text = [
        f"On {results.title(problem)}, {results.label(best)} reached the highest mean test accuracy of "
        f"{counted(len(ranked), 'optimizer')}: {with_interval(found[best]['test_accuracy'])} over "
        f"{counted(results.seeds(problem), 'seed')}."
    ]
    if "adam" in ranked and best != "adam":
        text.append(_adam(results, problem, best))
    if best == "adam" and second != best:
        text.append(_runner_up(results, problem, second))
    if last not in (best, "adam") and not (best == "adam" and last == second):
        text.append(f"Last came {results.label(last)} with {with_interval(found[last]['test_accuracy'])}.")
    return text


def _adam(results: Results, problem: str, best: str) -> str:
    place = results.ranked(problem).index("adam") + 1
    found = results.metrics[problem]["adam"]["test_accuracy"]
    behind = _difference(results, problem, best, "adam")
    return (
        f"{results.label('adam')} came {ordinal(place)} with {with_interval(found)}{', ' + behind if behind else ''}."
    )


def _runner_up(results: Results, problem: str, second: str) -> str:
    found = results.metrics[problem][second]["test_accuracy"]
    behind = _difference(results, problem, "adam", second)
    return f"{results.label(second)} came second with {with_interval(found)}{', ' + behind if behind else ''}."


def _difference(results: Results, problem: str, ahead: str, behind: str) -> str:
    """Return how far one optimizer lies behind another, paired by seed; nothing where a seed has no value."""
    pairs = [results.metrics[problem][name]["test_accuracy"]["seeds"] for name in (ahead, behind)]
    if any(value is None for seeds in pairs for value in seeds):
        return ""
    interval = mean_interval(np.array(pairs[0], dtype=np.float64) - np.array(pairs[1], dtype=np.float64))
    level = number(interval.estimate) == "0.0"
    text = f"{'level with' if level else points(interval.estimate) + ' behind'} {results.label(ahead)}"
    if interval.low is None or interval.high is None:
        return text
    doubt = "; these seeds do not tell the two apart" if interval.low <= 0 <= interval.high else ""
    return f"{text} (paired by seed, 95 % interval {number(interval.low)} to {number(interval.high)}{doubt})"


def _winner(results: Results, problem: str) -> str:
    ranked = results.ranked(problem)
    found = results.metrics[problem]
    tied = [name for name in ranked if _shown(results, problem, name) == _shown(results, problem, ranked[0])]
    text = (
        f"{results.title(problem)}: {listed([results.label(name) for name in tied])} "
        f"{percent(found[ranked[0]]['test_accuracy']['mean'])}"
    )
    if "adam" not in ranked or "adam" in tied:
        return text
    mean = percent(found["adam"]["test_accuracy"]["mean"])
    return f"{text}; {results.label('adam')} {ordinal(ranked.index('adam') + 1)} of {len(ranked)} with {mean}"


def _shown(results: Results, problem: str, optimizer: str) -> str:
    return number(results.metrics[problem][optimizer]["test_accuracy"]["mean"])
