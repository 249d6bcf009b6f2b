"""How the learning rates were chosen, and how much the choice mattered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting.drawing.axes import records
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.plots import learning_rates as plot
from pipeline.reporting.wording import listed, number, percent, rate

if TYPE_CHECKING:
    from pipeline.reporting.results import Results

# A learning rate this close to the best one counts as good enough.
_TOLERANCE = 2.0


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    tuning = results.settings.tuning
    return [
        Heading("Learning rates", "learning-rates"),
        Paragraph(
            f"Every optimizer got the same search: {tuning.points} learning rates around its usual one, "
            f"{tuning.points_per_decade} a decade, and a further one (at most {tuning.max_extensions}) for as "
            "long as the best lay on the edge. They were judged on validation images, with a seed that plays no "
            f"further part.{_edges(results, problem)}"
        ),
        picture(results, problem),
        Folded("The numbers: learning rates tried and chosen", (table(results, problem),)),
    ]


def _edges(results: Results, problem: str) -> str:
    found = results.metrics[problem]
    edge = [results.label(name) for name in results.settings.roster(problem) if found[name]["on_edge"]]
    if not edge:
        return " No optimizer's best value was left on the edge of what was tried."
    return f" **On the edge to the end: {listed(edge)}.** A better value may lie beyond, so compare with care."


def picture(results: Results, problem: str) -> Picture:
    """Return the panels with every trial on a problem."""
    title = results.title(problem)
    found = results.metrics[problem]
    chosen = ", ".join(
        f"{results.label(name)} {rate(found[name]['learning_rate'])}" for name in results.settings.roster(problem)
    )
    return Picture(
        f"learning_rates_{problem}",
        to_svg(plot.draw(plot.data(results, problem))),
        f"Validation accuracy over the learning rate on {title}, a panel an optimizer. Chosen: {chosen}.",
        f"Validation accuracy of every trial on {title}. The wider the top of a curve, the more an optimizer "
        "forgives a badly chosen learning rate.",
    )


def table(results: Results, problem: str) -> Table:
    """Return what was tried and chosen on a problem."""
    trials = plot.data(results, problem)
    rows = []
    for name in results.settings.roster(problem):
        own = records(trials[trials["optimizer"] == name])
        found = results.metrics[problem][name]
        best = max(trial["accuracy"] for trial in own)
        good = [trial["learning_rate"] for trial in own if trial["accuracy"] >= best - _TOLERANCE]
        rows.append(
            (
                results.label(name),
                rate(results.settings.optimizer(name).learning_rate_centre),
                f"{rate(own[0]['learning_rate'])} to {rate(own[-1]['learning_rate'])}",
                str(len(own)),
                rate(found["learning_rate"]),
                number(found["tuned_accuracy"]),
                rate(good[0]) if len(good) == 1 else f"{rate(min(good))} to {rate(max(good))}",
                str(sum(bool(trial["diverged"]) for trial in own)),
            )
        )
    header = (
        "optimizer",
        "usual",
        "tried",
        "trials",
        "chosen",
        "validation accuracy (%)",
        f"within {percent(_TOLERANCE / 100)} of the best",
        "diverged",
    )
    adam = frozenset(place for place, name in enumerate(results.settings.roster(problem)) if name == "adam")
    return Table(header, tuple(rows), "lrrrrrrr", f"Tuning on {results.title(problem)}.", adam)
