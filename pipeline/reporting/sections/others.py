"""The other problems, in short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, literal
from pipeline.reporting.sections import ranking, search, training

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where there is one problem only."""
    if not results.other_problems:
        return []
    parts = [item for problem in results.other_problems for item in _problem(results, problem)]
    return [Heading("The other problems", "others"), *parts]


def _problem(results: Results, problem: str) -> list[Item]:
    title = results.title(problem)
    start: list[Item] = [
        Heading(title, f"problem-{problem.replace('_', '-')}", 3),
        Paragraph(_introduction(results, problem)),
    ]
    curves = Folded(f"{title}: training curves", (training.picture(results, problem),))
    if len(results.settings.roster(problem)) == 1:
        # there is nobody to rank
        return [*start, curves]
    speed, standings = training.speed(results, problem), training.standings(results, problem)
    return [
        *start,
        ranking.picture(results, problem),
        Folded(f"{title}: the numbers", (ranking.table(results, problem),)),
        curves,
        *([Folded(f"{title}: speed", (*speed, *standings))] if speed or standings else []),
        Folded(f"{title}: the search", tuple(search.of(results, problem))),
    ]


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
