"""The answer in a few lines of plain text, for the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project import paths
from pipeline.project.wording import counted
from pipeline.reporting.formats.markdown import plain
from pipeline.reporting.numbers_in_words import MISSING

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results


def lines(results: Results) -> list[str]:
    """Return the answer, the ranking of the main problem from top to bottom, and where the report is."""
    return [*ranking(results), f"Report: {paths.REPORTS / 'report.html'} (or {paths.REPORTS / 'report.md'})"]


def ranking(results: Results) -> list[str]:
    """Return the answer and the ranking of the main problem from top to bottom."""
    problem = results.main_problem
    ranked, judging = results.ranked(problem), results.judging(problem)
    title = plain(results.title(problem))
    labels = {name: plain(results.label(name)) for name in ranked}
    best = judging.with_unit(results.measured(problem)[ranked[0]].reached.mean)
    width = max(map(len, labels.values()))
    return [
        *([plain(results.answer), ""] if results.answer else []),
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
