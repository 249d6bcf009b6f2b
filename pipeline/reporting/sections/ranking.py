"""The ranking on the main problem: a picture, and all numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import decimal, in_brackets, interval, number, percent, rate
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import ranking as plot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reporting.study_results import Results
    from pipeline.results.metrics import OptimizerMetrics

_COLUMNS: tuple[tuple[str, Callable[[OptimizerMetrics], str]], ...] = (
    ("test accuracy (%)", lambda found: number(found.test_accuracy.mean)),
    ("95 % interval", lambda found: interval(found.test_accuracy)),
    ("training accuracy (%)", lambda found: number(found.train_accuracy.mean)),
    ("gap (points)", lambda found: number(found.generalization_gap.mean)),
    ("test loss (nats)", lambda found: decimal(found.test_loss.mean)),
    ("learning rate", lambda found: rate(found.learning_rate)),
)
_DETAILS: tuple[tuple[str, Callable[[OptimizerMetrics], str]], ...] = (
    ("validation accuracy (%)", lambda found: in_brackets(found.validation_accuracy)),
    ("calibration error (%)", lambda found: in_brackets(found.calibration_error)),
    ("training loss (nats)", lambda found: decimal(found.train_loss.mean)),
    ("test loss (nats)", lambda found: decimal(found.test_loss.mean)),
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
    title = results.title(problem)
    rows = results.best_first(problem)
    accuracies = results.each(rows, lambda found: percent(found.test_accuracy.mean))
    lost = any(found.diverged for found in rows.values())
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
    rows = results.best_first(problem)
    columns = [*_COLUMNS]
    if any(found.diverged for found in rows.values()):
        columns.append(("seeds diverged", lambda found: f"{found.diverged} of {results.seeds(problem)}"))
    caption = f"All optimizers on {results.title(problem)}, means over seeds, best test accuracy first."
    return optimizer_table(results, rows, columns, caption, numbered=True)


def _details(results: Results, problem: str) -> Table:
    caption = (
        "Means over seeds, in brackets 95 % intervals. The calibration error is the mean distance between "
        "confidence and accuracy on test images."
    )
    return optimizer_table(results, results.best_first(problem), _DETAILS, caption)
