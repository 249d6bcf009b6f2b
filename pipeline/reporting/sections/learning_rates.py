"""How the learning rates were chosen, and how much the choice mattered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.project.wording import listed
from pipeline.reporting.drawing.axes import records
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import rate
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import learning_rates as plot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reporting.judging import Judging
    from pipeline.reporting.study_results import Results


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    tuning = results.settings.tuning
    return [
        Heading("Learning rates", "learning-rates"),
        Paragraph(
            f"Every optimizer got the same search: {tuning.points} learning rates around its usual one, "
            f"{tuning.points_per_decade} per decade, and a further one (at most {tuning.max_extensions}) for as "
            "long as the best lay on the edge. They were judged on validation images, with a seed that is used for "
            f"nothing else.{_edges(results, problem)}"
        ),
        picture(results, problem),
        Folded("The numbers: learning rates tried and chosen", (table(results, problem),)),
    ]


def _edges(results: Results, problem: str) -> str:
    found = results.measured(problem)
    edge = [results.label(name) for name in results.settings.roster(problem) if found[name].on_edge]
    if not edge:
        return " No optimizer's best value was left on the edge of what was tried."
    return f" **On the edge to the end: {listed(edge)}.** A better value may lie beyond, so compare with care."


def picture(results: Results, problem: str) -> Picture:
    """Return the panels with every trial on a problem."""
    title, noun = results.title(problem), results.judging(problem).noun
    rows = {name: results.measured(problem)[name] for name in results.settings.roster(problem)}
    chosen = results.each(rows, lambda found: rate(found.learning_rate))
    return Picture(
        f"learning_rates_{problem}",
        to_svg(plot.draw(plot.data(results, problem))),
        f"Validation {noun} over the learning rate on {title}, one panel per optimizer. Chosen: {chosen}.",
        f"Validation {noun} of every trial on {title}. The wider the {_end(results, problem)} of a curve, the less a "
        "badly chosen learning rate costs.",
    )


def table(results: Results, problem: str) -> Table:
    """Return what was tried and chosen on a problem."""
    frame = plot.data(results, problem)
    judging, margins = results.judging(problem), results.comparison.settings.margins
    margin = margins["learning_rate" if judging.higher_is_better else "loss"]
    measured, rows = results.measured(problem), results.settings.roster(problem)
    trials = {name: records(frame[frame["optimizer"] == name]) for name in rows}
    columns: list[tuple[str, Callable[[str], str]]] = [
        ("usual", lambda name: rate(results.settings.optimizer(name).learning_rate_centre)),
        ("tried", lambda name: _range([trial["learning_rate"] for trial in trials[name]])),
        ("trials", lambda name: str(len(trials[name]))),
        ("chosen", lambda name: rate(measured[name].learning_rate)),
        (judging.axis("validation"), lambda name: judging.number(judging.tuned(measured[name]))),
        (f"within {judging.difference(margin)} of the best", lambda name: _range(_good(trials[name], judging, margin))),
        ("diverged", lambda name: str(sum(trial["diverged"] for trial in trials[name]))),
    ]
    return optimizer_table(results, dict(zip(rows, rows, strict=True)), columns, f"Tuning on {results.title(problem)}.")


def _end(results: Results, problem: str) -> str:
    return "top" if results.judging(problem).higher_is_better else "bottom"


def _good(trials: list[dict[str, Any]], judging: Judging, margin: float) -> list[float]:
    sign = 1 if judging.higher_is_better else -1
    best = max(sign * trial["value"] for trial in trials)
    return [trial["learning_rate"] for trial in trials if sign * trial["value"] >= best - judging.scale * margin]


def _range(rates: list[float]) -> str:
    return rate(rates[0]) if len(rates) == 1 else f"{rate(min(rates))} to {rate(max(rates))}"
