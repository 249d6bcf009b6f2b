"""The other problems, in short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, literal
from pipeline.reporting.sections import ranking, search, training

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results


def build(results: Results) -> list[Item]:
    """Return the section: a fold for each problem, or nothing where there is one problem only."""
    if not results.other_problems:
        return []
    text = "Each has the same parts as the main problem: ranking, training, speed, search."
    return [
        Heading("The other problems", "others"),
        Paragraph(text),
        *(_problem(results, problem) for problem in results.other_problems),
    ]


def _problem(results: Results, problem: str) -> Folded:
    items: list[Item] = [Paragraph(_introduction(results, problem))]
    if len(results.settings.roster(problem)) > 1:
        items += [ranking.picture(results, problem), ranking.table(results, problem)]
    items.append(training.picture(results, problem))
    if len(results.settings.roster(problem)) > 1:
        items += [
            *training.speed(results, problem),
            *training.standings(results, problem),
            *search.of(results, problem),
        ]
    return Folded(results.title(problem), tuple(items), f"problem-{problem.replace('_', '-')}")


def _introduction(results: Results, problem: str) -> str:
    settings, judging = results.settings.problems[problem], results.judging(problem)
    texts = [
        f"{results.description(problem)} Network `{settings.network}`, {counted(settings.epochs, 'epoch')}, "
        f"{settings.schedule} learning rate, {counted(results.seeds(problem), 'seed')}."
    ]
    if not judging.higher_is_better:
        texts.append(f"It is judged by its loss ({judging.unit}): lower is better.")
    if len(results.settings.roster(problem)) == 1:
        ((name, found),) = results.best_first(problem).items()
        texts.append(f"{results.label(name)} alone: test {judging.noun} {judging.with_interval(found.reached)}.")
    texts += [
        f"{results.label(name)} is no optimizer of its own here ({literal(why)}), so it is not ranked."
        for name, why in results.twins(problem).items()
    ]
    return " ".join(texts)
