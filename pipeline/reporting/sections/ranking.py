"""The ranking on the main problem: a picture, and all numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted, listed
from pipeline.reporting.items import Bullets, Folded, Heading, Item, Paragraph, Picture, Table, literal
from pipeline.reporting.numbers_in_words import NONE, decimal, in_brackets, number, rate
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import ranking as plot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.reporting.study_results import Results
    from pipeline.results.comparison import Placed
    from pipeline.results.metrics import OptimizerMetrics, OverSeeds

    Columns = list[tuple[str, Callable[[tuple[OptimizerMetrics, Placed]], str]]]


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    return [
        Heading(f"Ranking on {results.title(problem)}", "ranking"),
        Paragraph(
            f"{results.description(problem)} Every optimizer has its own search and "
            f"{counted(results.seeds(problem), 'seed')}; each seed picks among the surviving settings by its own "
            "validation result. The network after the last step counts, on test examples that were used for no choice."
        ),
        picture(results, problem),
        table(results, problem),
        *left_out(results, problem),
        Folded("How to read this ranking", (Paragraph(_reading(results)),)),
        Folded("More numbers: losses, validation and calibration", (_details(results, problem),)),
    ]


def _reading(results: Results) -> str:
    return (
        "A group opens with the best that is left, and holds those that are not told apart from it: all pairs are "
        f"tested as one family (sign flips, max-T, any difference, {100 * _alpha(results):g} %). “Behind” is the "
        "distance from the first, in margins. Intervals of means are Student's t over seeds: they tell how far a mean "
        "would move with other initial weights and batch orders, not with other test examples. Seeds are paired, so "
        "two overlapping intervals can still differ reliably: the intervals of differences are those "
        "[against the baseline](#comparison). The gap is training minus test accuracy."
    )


def placed(results: Results, problem: str) -> Mapping[str, Placed]:
    """Return the ranked optimizers of a problem, best first; none where the comparison lacks it."""
    found = results.comparison.problems.get(problem)
    return found.ranking.placed if found else {}


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
        plot.draw(plot.data(results, problem)),
        f"Mean test {judging.noun} on {title}, best first: {means}.",
        f"Test {judging.noun} on {title}, {counted(results.seeds(problem), 'seed')} per optimizer. Large dots are "
        f"means, bars their 95 % intervals, the faint dots below them single seeds.{note}",
        f"Test {judging.noun} on {title}",
    )


def table(results: Results, problem: str) -> Table:
    """Return every ranked optimizer's numbers, best first; a column of diverged seeds where there are any."""
    rows, columns = _rows(results, problem), _columns(results, problem)
    if any(found.diverged for found, _ in rows.values()):
        columns.append(("seeds diverged", lambda row: f"{len(row[0].diverged)} of {results.seeds(problem)}"))
    noun = results.judging(problem).noun
    caption = f"The optimizers on {results.title(problem)}, means over seeds, best test {noun} first."
    return optimizer_table(results, rows, columns, caption, numbered=True)


def left_out(results: Results, problem: str) -> list[Item]:
    """Say who is not ranked on a problem, and why; nothing where all are."""
    found = results.twins(problem)
    if not found:
        return []
    entries = tuple(f"{results.label(name)}: {literal(why)}" for name, why in found.items())
    return [Paragraph("Not ranked, because it would be counted twice:"), Bullets(entries)]


def _alpha(results: Results) -> float:
    return results.comparison.settings.alpha


def _rows(results: Results, problem: str) -> dict[str, tuple[OptimizerMetrics, Placed]]:
    measured = results.measured(problem)
    return {name: (measured[name], one) for name, one in placed(results, problem).items() if name in measured}


def _columns(results: Results, problem: str) -> Columns:
    """Return the columns of the ranking; those of accuracies are left out where the problem has none."""
    judging, facts = results.judging(problem), results.problems.problems[problem]
    accuracies: Columns = [
        ("training accuracy (%)", lambda row: _mean(row[0].train_accuracy)),
        ("gap (points)", lambda row: _mean(row[0].generalization_gap)),
    ]
    losses: Columns = [(f"test loss ({facts.loss_unit})", lambda row: decimal(row[0].test_loss.mean))]
    if not judging.higher_is_better:
        losses = [(f"training loss ({facts.loss_unit})", lambda row: decimal(row[0].train_loss.mean))]
        accuracies.insert(0, ("test accuracy (%)", lambda row: _mean(row[0].test_accuracy)))
    return [
        ("group", lambda row: str(row[1].group)),
        (judging.axis("test"), lambda row: judging.number(row[1].mean)),
        ("95 % interval", lambda row: judging.between(row[1].low, row[1].high)),
        ("behind (margins)", lambda row: decimal(row[1].behind, 1)),
        *(accuracies if facts.task != "regression" else []),
        *losses,
        ("learning rate, most often picked", lambda row: rate(row[0].search.usual_setting.learning_rate)),
    ]


def _detailed(results: Results, problem: str) -> Columns:
    facts = results.problems.problems[problem]
    accuracies: Columns = [
        ("validation accuracy (%)", lambda row: _bracketed(row[0].validation_accuracy)),
        ("calibration error (%)", lambda row: _bracketed(row[0].calibration_error)),
    ]
    return [
        *(accuracies if facts.task != "regression" else []),
        (f"validation loss ({facts.loss_unit})", lambda row: decimal(row[0].validation_loss.mean)),
        (f"training loss ({facts.loss_unit})", lambda row: decimal(row[0].train_loss.mean)),
        (f"test loss ({facts.loss_unit})", lambda row: decimal(row[0].test_loss.mean)),
    ]


def _mean(quantity: OverSeeds | None) -> str:
    return NONE if quantity is None else number(quantity.mean)


def _bracketed(quantity: OverSeeds | None) -> str:
    return NONE if quantity is None else in_brackets(quantity)


def _details(results: Results, problem: str) -> Table:
    caption = (
        "Means over seeds, in brackets 95 % intervals. The calibration error is the mean distance between "
        "confidence and accuracy on test examples."
    )
    return optimizer_table(results, _rows(results, problem), _detailed(results, problem), caption)


def why_left_out(results: Results) -> str:
    """Return who is left out of the ranks over problems where, in brackets."""
    found = [
        f"{results.label(name)} on {results.title(problem)}"
        for problem in results.comparison.ranking.problems
        for name in results.twins(problem)
    ]
    return f" ({listed(found)})" if found else ""
