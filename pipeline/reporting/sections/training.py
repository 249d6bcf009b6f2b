"""How training went on the main problem: curves, and how soon the targets were reached."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import decimal, percent
from pipeline.reporting.plots import training_curves as plot
from pipeline.reporting.plots import updates

if TYPE_CHECKING:
    from pipeline.reporting.results import Results
    from pipeline.results.metrics import Convergence, Reached


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
    title = results.title(problem)
    found = results.measured(problem)
    ends = results.each(
        results.ranked(problem),
        lambda name: f"{decimal(found[name].train_loss.mean)} nats and {percent(found[name].validation_accuracy.mean)}",
    )
    return Picture(
        f"training_curves_{problem}",
        to_svg(plot.draw(plot.data(results, problem))),
        f"Training loss and validation accuracy over epochs on {title}. At the end: {ends}.",
        f"Training loss and validation accuracy on {title}, means over "
        f"{counted(results.seeds(problem), 'seed')}. A curve ends where a seed diverged.",
    )


def _updates(results: Results, problem: str) -> Picture:
    title = results.title(problem)
    found = results.measured(problem)
    ends = results.each(results.ranked(problem), lambda name: decimal(found[name].convergence.step_persistence.mean, 2))
    return Picture(
        f"updates_{problem}",
        to_svg(updates.draw(updates.data(results, problem))),
        f"Size of the effective step over epochs on {title}. Last quarter over first quarter of the training: {ends}.",
        f"Size of the effective step on {title}: the root mean square, over all parameters, of what one step changed; "
        "means over seeds.",
    )


def _speed(results: Results, problem: str) -> list[Item]:
    """Return how soon every optimizer reached the problem's targets; nothing where it has none."""
    ranked = results.ranked(problem)
    found = results.measured(problem)
    header = [f"steps to {_target(quantity, one)}" for quantity, one in _targets(found[ranked[0]].convergence)]
    if not header:
        return []
    rows = tuple(
        (
            results.label(name),
            *(_steps(reached.steps) for _, reached in _targets(found[name].convergence)),
            decimal(found[name].train_loss.mean),
        )
        for name in ranked
    )
    return [
        Paragraph(
            "How many steps until a target was reached for the first time: the median over seeds, and how "
            "many seeds never reached it. Steps are comparable because all optimizers see the same batches."
        ),
        Table(
            ("optimizer", *header, "training loss at the end (nats)"),
            rows,
            "lr" + "r" * len(header),
            "Speed, best test accuracy first.",
            results.places_of_baseline(ranked),
        ),
    ]


def _targets(convergence: Convergence) -> list[tuple[str, Reached]]:
    both = {"training loss": convergence.train_loss, "validation accuracy": convergence.validation_accuracy}
    return [(quantity, reached) for quantity, reached in both.items() if reached is not None]


def _target(quantity: str, reached: Reached) -> str:
    value = decimal(reached.target, 2) if quantity == "training loss" else percent(reached.target)
    return f"{quantity} {value}"


def _steps(steps: tuple[int | None, ...]) -> str:
    missed = steps.count(None)
    if 2 * missed >= len(steps):
        return f"not reached by {missed} of {len(steps)} seeds"
    middle = median(float("inf") if value is None else value for value in steps)
    return f"{middle:,.0f}" + (f" (not by {missed})" if missed else "")
