"""The answer in a few lines of plain text, for the end of a run."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from pipeline.project import paths
from pipeline.project.wording import counted
from pipeline.reporting.formats.markdown import plain
from pipeline.reporting.numbers_in_words import MISSING
from pipeline.reporting.sections.answer import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.reporting.study_results import Results
    from pipeline.results.recommendations import Choice, ProblemRecommendation

_EQUAL = {"no meaningful difference": "as good:", "inconclusive": "not told apart:"}


_WIDTH = 100  # characters


def lines(results: Results) -> list[str]:
    """Return the answer, its three sentences, the ranking of the main problem, what to use, and where the report is."""
    first = next(iter(results.verdicts.claims.values()), None)
    told = [line for text in sentences(results) for line in wrap(plain(text), _WIDTH, subsequent_indent="  ")]
    # the whole path: the demo's folder is not where its reader stands
    report = f"Report: {(paths.REPORTS / 'report.html').resolve()} (or report.md beside it)"
    return [*([first.answer, ""] if first else []), *told, "", *_ranked(results), "", *_use(results), report]


def _use(results: Results) -> list[str]:
    """Return what to use on each problem after the whole search, and who is as good."""
    found = []
    for problem in results.recommendations.problems.values():
        if choices := problem.budgets[-1].choices if problem.budgets else ():
            names = {standing: _names(problem, choices, standing) for standing in ("best", *_EQUAL)}
            equal = "".join(f"; {words} {', '.join(names[key])}" for key, words in _EQUAL.items() if names[key])
            found.append(f"  {plain(problem.title)}: {names['best'][0]}{equal or '; all others are worse'}")
    heading = "What to use after the whole search (`optimizer-study recommend` says more):"
    return [heading, *found, ""] if found else []


def _names(problem: ProblemRecommendation, choices: Iterable[Choice], standing: str) -> list[str]:
    return [problem.candidates[one.optimizer].label for one in choices if one.standing == standing]


def ranking(results: Results) -> list[str]:
    """Return the answer and the ranking of the main problem from top to bottom."""
    return [*([plain(results.answer), ""] if results.answer else []), *_ranked(results)]


def _ranked(results: Results) -> list[str]:
    problem = results.main_problem
    ranked, judging = results.ranked(problem), results.judging(problem)
    title = plain(results.title(problem))
    labels = {name: plain(results.label(name)) for name in ranked}
    best = judging.with_unit(results.measured(problem)[ranked[0]].reached.mean)
    width = max(map(len, labels.values()))
    return [
        f"{title}: test {judging.noun}, mean of {counted(results.seeds(problem), 'seed')} (95 % interval)",
        *(
            f"{place:>4}  {labels[name]:<{width}}  {_reached(results, problem, name)}"
            for place, name in enumerate(ranked, start=1)
        ),
        f"Best on {title}: {labels[ranked[0]]}, {best}.",
    ]


def _reached(results: Results, problem: str, optimizer: str) -> str:
    found, judging = results.measured(problem)[optimizer], results.judging(problem)
    quantity = found.reached
    if quantity.mean is None:
        return MISSING
    lost = f"  {len(found.diverged)} of {results.seeds(problem)} diverged" if found.diverged else ""
    return f"{judging.with_unit(quantity.mean)}  ({judging.interval(quantity)}){lost}"
