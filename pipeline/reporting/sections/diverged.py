"""Trainings whose loss became infinite or undefined: a result, and so shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting.items import Heading, Item, Paragraph, Table
from pipeline.reporting.numbers_in_words import NONE, rate
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results

_HEADER = (
    "problem",
    "optimizer",
    "final seeds diverged",
    "at learning rate",
    "tuning trials diverged",
    "from learning rate",
    "first step without a finite loss",
)


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where no training diverged."""
    found = [
        _row(results, problem, name)
        for problem in results.settings.problems
        for name in results.settings.roster(problem)
    ]
    rows = tuple(row for row in found if row)
    if not rows:
        return []
    return [
        Heading("What diverged", "diverged"),
        Paragraph(
            "A training diverges when its loss is no longer a finite number; it stops there. In the search it counts "
            "as worst, so that such a learning rate is never chosen if another one works. Among the final seeds its "
            "accuracy is that of its predictions, and losses have no mean."
        ),
        Table(_HEADER, rows, "llrrrrr", "Optimizers with at least one diverged training."),
    ]


def _row(results: Results, problem: str, optimizer: str) -> tuple[str, ...]:
    found = results.measured(problem)[optimizer]
    trials = of_problem(results.learning_rates, problem)
    trials = trials[trials["optimizer"] == optimizer]
    lost = trials[trials["diverged_at"].notna()]
    if not found.diverged and lost.empty:
        return ()
    return (
        results.title(problem),
        results.label(optimizer),
        f"{found.diverged} of {results.seeds(problem)}",
        rate(found.learning_rate),
        f"{len(lost)} of {len(trials)}",
        NONE if lost.empty else rate(float(lost["learning_rate"].min())),
        NONE if lost.empty else f"{int(lost['diverged_at'].min()):,}",
    )
