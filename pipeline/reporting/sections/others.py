"""The other problems, in short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.items import Folded, Heading, Item, Paragraph
from pipeline.reporting.sections import learning_rates, ranking, training

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where there is one problem only."""
    if not results.other_problems:
        return []
    parts = [item for problem in results.other_problems for item in _problem(results, problem)]
    return [Heading("The other problems", "others"), *parts]


def _problem(results: Results, problem: str) -> list[Item]:
    settings = results.settings.problems[problem]
    title = results.title(problem)
    return [
        Heading(title, f"problem-{problem.replace('_', '-')}", 3),
        Paragraph(
            f"{results.description(problem)} Network `{settings.network}`, "
            f"{counted(settings.epochs, 'epoch')}, {counted(results.seeds(problem), 'seed')}."
        ),
        ranking.picture(results, problem),
        Folded(f"{title}: the numbers", (ranking.table(results, problem),)),
        Folded(f"{title}: training curves", (training.picture(results, problem),)),
        Folded(
            f"{title}: learning rates",
            (learning_rates.picture(results, problem), learning_rates.table(results, problem)),
        ),
    ]
