"""How training went on the main problem: curves, and how soon the target was reached."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.plots import training_curves as plot
from pipeline.reporting.plots import updates
from pipeline.reporting.wording import counted, decimal, number, percent

if TYPE_CHECKING:
    from pipeline.reporting.results import Results

_TARGETS = {
    "train_loss": "steps to training loss {}",
    "validation_accuracy": "steps to validation accuracy {} %",
}


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
    found = results.metrics[problem]
    ends = ", ".join(
        f"{results.label(name)} {decimal(found[name]['train_loss']['mean'])} nats and "
        f"{percent(found[name]['validation_accuracy']['mean'])}"
        for name in results.ranked(problem)
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
    kept = {name: results.metrics[problem][name]["convergence"]["step_persistence"] for name in results.ranked(problem)}
    ends = ", ".join(f"{results.label(name)} {decimal(entry['mean'], 2)}" for name, entry in kept.items())
    return Picture(
        f"updates_{problem}",
        to_svg(updates.draw(updates.data(results, problem))),
        f"Size of the effective step over epochs on {title}. Last quarter over first quarter of the training: {ends}.",
        f"Size of the effective step on {title}: the root mean square, over all parameters, of what one step changed; "
        "means over seeds.",
    )


def _speed(results: Results, problem: str) -> list[Item]:
    """Return how soon every optimizer reached the targets, where the evaluation says so."""
    found = {name: results.metrics[problem][name].get("convergence") for name in results.ranked(problem)}
    present = {name: entry for name, entry in found.items() if entry}
    if not present or not any(next(iter(present.values())).get(quantity) for quantity in _TARGETS):
        return []
    targets = {quantity: entry for quantity, entry in next(iter(present.values())).items() if entry}
    shown = [quantity for quantity in _TARGETS if quantity in targets]
    rows = tuple(
        (
            results.label(name),
            *(_steps(entry[quantity]["steps"]) for quantity in shown),
            decimal(results.metrics[problem][name]["train_loss"]["mean"]),
        )
        for name, entry in present.items()
    )
    return [
        Paragraph(
            "How many steps until a target was reached for the first time: the median over seeds, and how "
            "many seeds never reached it. Steps are comparable, for all optimizers see the same batches."
        ),
        Table(
            (
                "optimizer",
                *(_TARGETS[quantity].format(_target(quantity, targets[quantity]["target"])) for quantity in shown),
                "training loss at the end (nats)",
            ),
            rows,
            "lr" + "r" * len(shown),
            "Speed, best test accuracy first.",
            frozenset(place for place, name in enumerate(present) if name == "adam"),
        ),
    ]


def _target(quantity: str, target: float) -> str:
    return decimal(target, 2) if quantity == "train_loss" else number(target)


def _steps(steps: list[Any]) -> str:
    missed = sum(value is None for value in steps)
    if 2 * missed >= len(steps):
        return f"not reached by {missed} of {len(steps)} seeds"
    middle = median(float("inf") if value is None else value for value in steps)
    return f"{middle:,.0f}" + (f" (not by {missed})" if missed else "")
