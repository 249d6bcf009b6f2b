"""Trainings whose loss became infinite or undefined: a result, and so shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting.items import Heading, Item, Paragraph, Table
from pipeline.reporting.wording import rate

if TYPE_CHECKING:
    from pipeline.reporting.results import Results


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where no training diverged."""
    rows = [
        row
        for problem in results.settings.problems
        for name in results.settings.roster(problem)
        for row in _row(results, problem, name)
    ]
    if not rows:
        return []
    return [
        Heading("What diverged", "diverged"),
        Paragraph(
            "A training diverges when its loss is no finite number any more; it stops there. In the tuning it "
            "counts as worst, so that such a learning rate is never chosen if another one works. Among the final "
            "seeds its accuracy counts for what its predictions are worth, and losses have no mean."
        ),
        Table(
            (
                "problem",
                "optimizer",
                "final seeds diverged",
                "at learning rate",
                "tuning trials diverged",
                "from learning rate",
                "first step without a finite loss",
            ),
            tuple(rows),
            "llrrrrr",
            "Optimizers with at least one diverged training.",
        ),
    ]


def _row(results: Results, problem: str, optimizer: str) -> list[tuple[str, ...]]:
    found = results.metrics[problem][optimizer]
    trials = results.learning_rates
    trials = trials[(trials["problem"] == problem) & (trials["optimizer"] == optimizer)]
    lost = trials[trials["diverged_at"].notna()]
    if not found["diverged"] and lost.empty:
        return []
    return [
        (
            results.title(problem),
            results.label(optimizer),
            f"{found['diverged']} of {results.seeds(problem)}",
            rate(found["learning_rate"]),
            f"{len(lost)} of {len(trials)}",
            "–" if lost.empty else rate(float(lost["learning_rate"].min())),
            "–" if lost.empty else f"{int(lost['diverged_at'].min()):,}",
        )
    ]
