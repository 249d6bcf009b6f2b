"""Trainings whose loss became infinite or undefined: a result, and so shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import listed
from pipeline.reporting.items import Heading, Item, Paragraph, Table
from pipeline.reporting.numbers_in_words import NONE, rate
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results

_HEADER = (
    "problem",
    "optimizer",
    "seeds whose pick diverged",
    "settings of the search that diverged",
    "from learning rate",
    "first step without a finite loss",
)


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where no training diverged."""
    found = [
        _row(results, problem, name) for problem in results.settings.study for name in results.settings.roster(problem)
    ]
    rows = tuple(row for row in found if row)
    if not rows:
        return []
    return [
        Heading("What diverged", "diverged"),
        Paragraph(
            "A training diverges when its loss is no longer a finite number; it stops there. In the search it counts "
            "as worst. With fresh seeds all survivors may diverge, or a seed picks one that did. Such a seed counts as "
            "the worst value in every comparison and ranking: an accuracy of 0, or a loss as bad as that of guessing. "
            "Its loss itself is no number, so where a table shows a mean loss, it says “diverged”."
        ),
        Table(_HEADER, rows, "llrrrr", "Optimizers with at least one diverged training."),
    ]


def _row(results: Results, problem: str, optimizer: str) -> tuple[str, ...]:
    found, seeds = results.measured(problem)[optimizer], results.settings.seeds(problem)
    trials = of_problem(results.searches, problem)
    trials = trials[trials["optimizer"] == optimizer]
    lost = trials[trials["diverged_at"].notna()]
    if not found.diverged and lost.empty:
        return ()
    which = f" ({listed(seeds[place] for place in found.diverged)})" if found.diverged else ""
    return (
        results.title(problem),
        results.label(optimizer),
        f"{len(found.diverged)} of {len(seeds)}{which}",
        f"{len(lost)} of {len(trials)}" if len(trials) else NONE,
        NONE if lost.empty else rate(float(lost["learning_rate"].min())),
        NONE if lost.empty else f"{int(lost['diverged_at'].min()):,}",
    )
