"""Which classes are easy and which are hard, for every optimizer."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from pipeline.reporting.drawing.axes import records
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table, literal
from pipeline.reporting.numbers_in_words import between, number, percent
from pipeline.reporting.optimizer_table import optimizer_table
from pipeline.reporting.plots import per_class as plot
from pipeline.reporting.study_results import of_problem

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where the main problem has no table of classes."""
    problem = results.main_problem
    frame = plot.data(results, problem)
    if frame.empty:
        return []
    means = frame.groupby("class", sort=False)["accuracy"].mean()
    easiest, hardest = literal(str(means.idxmax())), literal(str(means.idxmin()))
    text = (
        f"Over all optimizers, {easiest} is the easiest class ({percent(means.max() / 100)}) and {hardest} the "
        f"hardest ({percent(means.min() / 100)})."
    )
    return [
        Heading("Accuracy per class", "per-class"),
        Paragraph(text),
        Picture(
            f"per_class_{problem}",
            plot.draw(frame),
            f"Heat map of the accuracy on every class of {results.title(problem)}, one row per optimizer. {text}",
            f"Accuracy on every class of {results.title(problem)}, means over seeds.",
            f"Accuracy on every class of {results.title(problem)}",
            narrow=None,
        ),
        Folded("The numbers, with intervals", (_table(results, problem),)),
    ]


def _table(results: Results, problem: str) -> Table:
    cells = {
        (row["optimizer"], row["class"]): f"{number(row['accuracy'])} ({between(row['low'], row['high'])})"
        for row in records(of_problem(results.per_class, problem))
    }
    classes = dict.fromkeys(kind for _, kind in cells)
    rows = {name: {kind: cells[name, kind] for kind in classes} for name in results.ranked(problem)}
    caption = (
        f"Accuracy (%), in brackets the 95 % Wilson interval over the class's test {results.examples(problem)}s, which "
        "are counted once, however many seeds there are."
    )
    return optimizer_table(results, rows, [(literal(kind), itemgetter(kind)) for kind in classes], caption)
