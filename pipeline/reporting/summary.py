"""The answer in a few lines of plain text, for the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project import paths
from pipeline.reporting.formats.inline import plain
from pipeline.reporting.verdict_text import answer_of
from pipeline.reporting.wording import MISSING, counted, interval, percent

if TYPE_CHECKING:
    from pipeline.reporting.results import Results


def lines(results: Results) -> list[str]:
    """Return the answer, the ranking of the main problem from top to bottom, and where the report is."""
    problem = results.main_problem
    ranked = results.ranked(problem)
    width = max(len(results.label(name)) for name in ranked)
    verdict = answer_of(results.verdicts)
    best = f"Best on {results.title(problem)}: {results.label(ranked[0])}"
    return [
        *([plain(verdict), ""] if verdict else []),
        f"{results.title(problem)}: test accuracy, mean of {counted(results.seeds(problem), 'seed')} (95 % interval)",
        *(
            f"{place:>4}  {results.label(name):<{width}}  {_accuracy(results, problem, name)}"
            for place, name in enumerate(ranked, start=1)
        ),
        f"{best}, {percent(results.metrics[problem][ranked[0]]['test_accuracy']['mean'])}.",
        f"Report: {paths.REPORTS / 'report.html'} (or {paths.REPORTS / 'report.md'})",
    ]


def _accuracy(results: Results, problem: str, optimizer: str) -> str:
    found = results.metrics[problem][optimizer]
    quantity = found["test_accuracy"]
    if quantity["mean"] is None:
        return MISSING
    lost = f"  {found['diverged']} of {results.seeds(problem)} diverged" if found["diverged"] else ""
    return f"{percent(quantity['mean'])}  ({interval(quantity)}){lost}"
