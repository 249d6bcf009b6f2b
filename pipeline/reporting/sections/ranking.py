"""The ranking on the main problem: a picture, and all numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import NONE, decimal, in_brackets, number, rate
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import ranking as plot

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reporting.study_results import Results
    from pipeline.results.metrics import OptimizerMetrics, OverSeeds

    Columns = list[tuple[str, Callable[[OptimizerMetrics], str]]]


def _columns(results: Results, problem: str) -> Columns:
    """Return the columns of the ranking; those of accuracies are left out where the problem has none."""
    judging, facts = results.judging(problem), results.problems.problems[problem]
    accuracies: Columns = [
        ("training accuracy (%)", lambda found: _mean(found.train_accuracy)),
        ("gap (points)", lambda found: _mean(found.generalization_gap)),
    ]
    losses: Columns = [(f"test loss ({facts.loss_unit})", lambda found: decimal(found.test_loss.mean))]
    if not judging.higher_is_better:
        losses = [(f"training loss ({facts.loss_unit})", lambda found: decimal(found.train_loss.mean))]
        accuracies.insert(0, ("test accuracy (%)", lambda found: _mean(found.test_accuracy)))
    return [
        (judging.axis("test"), lambda found: judging.number(found.reached.mean)),
        ("95 % interval", lambda found: judging.interval(found.reached)),
        *(accuracies if facts.task != "regression" else []),
        *losses,
        ("learning rate", lambda found: rate(found.learning_rate)),
    ]


def _detailed(results: Results, problem: str) -> Columns:
    facts = results.problems.problems[problem]
    accuracies: Columns = [
        ("validation accuracy (%)", lambda found: _bracketed(found.validation_accuracy)),
        ("calibration error (%)", lambda found: _bracketed(found.calibration_error)),
    ]
    return [
        *(accuracies if facts.task != "regression" else []),
        (f"training loss ({facts.loss_unit})", lambda found: decimal(found.train_loss.mean)),
        (f"test loss ({facts.loss_unit})", lambda found: decimal(found.test_loss.mean)),
    ]


def _mean(quantity: OverSeeds | None) -> str:
    return NONE if quantity is None else number(quantity.mean)


def _bracketed(quantity: OverSeeds | None) -> str:
    return NONE if quantity is None else in_brackets(quantity)


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
    title, judging = results.title(problem), results.judging(problem)
    rows = results.best_first(problem)
    means = results.each(rows, lambda found: judging.with_unit(found.reached.mean))
    # a loss that is not finite is nowhere
    lost = judging.higher_is_better and any(found.diverged for found in rows.values())
    note = " An arrow on the left edge stands for diverged seeds." if lost else ""
    return Picture(
        f"ranking_{problem}",
        to_svg(plot.draw(plot.data(results, problem))),
        f"Mean test {judging.noun} on {title}, best first: {means}.",
        f"Test {judging.noun} on {title}, {counted(results.seeds(problem), 'seed')} per optimizer. Large dots are "
        f"means, bars their 95 % intervals, the faint dots below them single seeds.{note}",
    )


def table(results: Results, problem: str) -> Table:
    """Return every optimizer's numbers on a problem, best first; a column of diverged seeds where there are any."""
    rows = results.best_first(problem)
    columns = _columns(results, problem)
    if any(found.diverged for found in rows.values()):
        columns.append(("seeds diverged", lambda found: f"{found.diverged} of {results.seeds(problem)}"))
    noun = results.judging(problem).noun
    caption = f"All optimizers on {results.title(problem)}, means over seeds, best test {noun} first."
    return optimizer_table(results, rows, columns, caption, numbered=True)


def _details(results: Results, problem: str) -> Table:
    caption = (
        "Means over seeds, in brackets 95 % intervals. The calibration error is the mean distance between "
        "confidence and accuracy on test images."
    )
    return optimizer_table(results, results.best_first(problem), _detailed(results, problem), caption)
