"""The ranking on the main problem: a picture, and all numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import decimal, in_brackets, interval, number, percent, rate
from pipeline.reporting.plots import ranking as plot

if TYPE_CHECKING:
    from pipeline.reporting.results import Results
    from pipeline.results.metrics import OptimizerMetrics

_HEADER: tuple[str, ...] = (
    "#",
    "optimizer",
    "test accuracy (%)",
    "95 % interval",
    "training accuracy (%)",
    "gap (points)",
    "test loss (nats)",
    "learning rate",
)
_DETAILS = (
    "optimizer",
    "validation accuracy (%)",
    "calibration error (%)",
    "training loss (nats)",
    "test loss (nats)",
)


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    return [
        Heading(f"Ranking on {results.title(problem)}", "ranking"),
        Paragraph(
            f"{results.description(problem)} Every optimizer has its own tuned learning rate and "
            f"{counted(results.seeds(problem), 'seed')}. The network after the last epoch counts, on test images that "
            "were used for no choice."
        ),
        picture(results, problem),
        table(results, problem),
        Paragraph(
            "Intervals are Student's t over seeds: they tell how far the mean would move with other initial "
            "weights and batch orders, not with other test images. Because seeds are paired, two overlapping "
            "intervals can still differ reliably. The gap is training minus test accuracy."
        ),
        Folded("More numbers: losses, validation and calibration", (_details(results, problem),)),
    ]


def picture(results: Results, problem: str) -> Picture:
    """Return the dot plot of a problem's ranking."""
    ranked = results.ranked(problem)
    title = results.title(problem)
    found = results.measured(problem)
    accuracies = results.each(ranked, lambda name: percent(found[name].test_accuracy.mean))
    lost = any(found[name].diverged for name in ranked)
    note = " An arrow on the left edge stands for diverged seeds." if lost else ""
    return Picture(
        f"ranking_{problem}",
        to_svg(plot.draw(plot.data(results, problem))),
        f"Mean test accuracy on {title}, best first: {accuracies}.",
        f"Test accuracy on {title}, {counted(results.seeds(problem), 'seed')} per optimizer. Large dots are means, "
        f"bars their 95 % intervals, the faint dots below them single seeds.{note}",
    )


def table(results: Results, problem: str) -> Table:
    """Return every optimizer's numbers on a problem, best first; a column of diverged seeds where there are any."""
    ranked = results.ranked(problem)
    found = results.measured(problem)
    rows = [(str(place), results.label(name), *_numbers(found[name])) for place, name in enumerate(ranked, start=1)]
    header = _HEADER
    if any(found[name].diverged for name in ranked):
        header = (*_HEADER, "seeds diverged")
        lost = [f"{found[name].diverged} of {results.seeds(problem)}" for name in ranked]
        rows = [(*row, text) for row, text in zip(rows, lost, strict=True)]
    caption = f"All optimizers on {results.title(problem)}, means over seeds, best test accuracy first."
    align = "rl" + "r" * (len(header) - 2)
    return Table(header, tuple(rows), align, caption, results.places_of_baseline(ranked))


def _numbers(found: OptimizerMetrics) -> tuple[str, ...]:
    return (
        number(found.test_accuracy.mean),
        interval(found.test_accuracy),
        number(found.train_accuracy.mean),
        number(found.generalization_gap.mean),
        decimal(found.test_loss.mean),
        rate(found.learning_rate),
    )


def _details(results: Results, problem: str) -> Table:
    ranked = results.ranked(problem)
    measured = [(name, results.measured(problem)[name]) for name in ranked]
    rows = tuple(
        (
            results.label(name),
            in_brackets(found.validation_accuracy),
            in_brackets(found.calibration_error),
            decimal(found.train_loss.mean),
            decimal(found.test_loss.mean),
        )
        for name, found in measured
    )
    caption = (
        "Means over seeds, in brackets 95 % intervals. The calibration error is the mean distance between "
        "confidence and accuracy on test images."
    )
    return Table(_DETAILS, rows, "lrrrr", caption, results.places_of_baseline(ranked))
