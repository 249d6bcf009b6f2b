"""How training went on the main problem: curves, and how soon the targets were reached."""

from __future__ import annotations

from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Heading, Item, Paragraph, Picture
from pipeline.reporting.numbers_in_words import decimal, percent
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import training_curves as plot
from pipeline.reporting.plots import updates

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reporting.study_results import Results
    from pipeline.results.metrics import Convergence, OptimizerMetrics


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    return [
        Heading("How training went", "training"),
        picture(results, problem),
        *_speed(results, problem),
        _updates(results, problem),
    ]


def picture(results: Results, problem: str) -> Picture:
    """Return the training curves of a problem."""
    title, judging = results.title(problem), results.judging(problem)
    unit = results.problems.problems[problem].loss_unit
    ends = results.each(
        results.best_first(problem),
        lambda found: f"{decimal(found.train_loss.mean)} {unit} and {judging.with_unit(judging.validation(found))}",
    )
    return Picture(
        f"training_curves_{problem}",
        to_svg(plot.draw(plot.data(results, problem))),
        f"Training loss and validation {judging.noun} over epochs on {title}. At the end: {ends}.",
        f"Training loss and validation {judging.noun} on {title}, means over "
        f"{counted(results.seeds(problem), 'seed')}. A curve ends where a seed diverged.",
    )


def _updates(results: Results, problem: str) -> Picture:
    title = results.title(problem)
    kept = results.each(results.best_first(problem), lambda found: decimal(found.convergence.step_persistence.mean, 2))
    return Picture(
        f"updates_{problem}",
        to_svg(updates.draw(updates.data(results, problem))),
        f"Size of the effective step over epochs on {title}. Last quarter over first quarter of the training: {kept}.",
        f"Size of the effective step on {title}: the root mean square, over all parameters, of what one step changed; "
        "means over seeds.",
    )


def _speed(results: Results, problem: str) -> list[Item]:
    """Return how soon every optimizer reached the problem's targets; nothing where it has none."""
    rows = results.best_first(problem)
    targets = _targets(next(iter(rows.values())).convergence)
    if not targets:
        return []
    columns: list[tuple[str, Callable[[OptimizerMetrics], str]]] = [
        (f"steps to {name} {target}", partial(_steps, place)) for place, (name, target, _) in enumerate(targets)
    ]
    facts = results.problems.problems[problem]
    columns.append((f"training loss at the end ({facts.loss_unit})", lambda found: decimal(found.train_loss.mean)))
    return [
        Paragraph(
            "How many steps until a target was reached for the first time: the median over seeds, and how "
            "many seeds never reached it. Steps are comparable because all optimizers see the same batches."
        ),
        optimizer_table(results, rows, columns, f"Speed, best test {facts.measure} first."),
    ]


def _targets(convergence: Convergence) -> list[tuple[str, str, tuple[int | None, ...]]]:
    """Return name, value and each seed's steps of the targets that the problem has."""
    loss, accuracy = convergence.train_loss, convergence.validation_accuracy
    return [
        *([("training loss", decimal(loss.target, 2), loss.steps)] if loss else []),
        *([("validation accuracy", percent(accuracy.target), accuracy.steps)] if accuracy else []),
    ]


def _steps(place: int, found: OptimizerMetrics) -> str:
    steps = _targets(found.convergence)[place][2]
    missed = steps.count(None)
    if 2 * missed >= len(steps):
        return f"not reached by {missed} of {len(steps)} seeds"
    middle = median(float("inf") if value is None else value for value in steps)
    return f"{middle:,.0f}" + (f" (not by {missed})" if missed else "")
