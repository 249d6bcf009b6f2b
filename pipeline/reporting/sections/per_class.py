"""Which classes are easy and which are hard, for every optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.reporting.drawing.axes import records
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.plots import per_class as plot
from pipeline.reporting.wording import interval, number, percent

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.reporting.results import Results


def build(results: Results) -> list[Item]:
    """Return the section."""
    problem = results.main_problem
    frame = plot.data(results, problem)
    means = frame.groupby("class", sort=False)["accuracy"].mean()
    easiest, hardest = str(means.idxmax()), str(means.idxmin())
    text = (
        f"Over all optimizers, {easiest} is the easiest class ({percent(means.max() / 100)}) and {hardest} the "
        f"hardest ({percent(means.min() / 100)})."
    )
    return [
        Heading("Accuracy per class", "per-class"),
        Paragraph(text),
        Picture(
            f"per_class_{problem}",
            to_svg(plot.draw(frame)),
            f"Heat map of the accuracy on every class of {results.title(problem)}, a row an optimizer. {text}",
            f"Accuracy on every class of {results.title(problem)}, means over seeds.",
        ),
        Folded("The numbers, with intervals", (_table(results, problem, frame),)),
    ]


def _table(results: Results, problem: str, frame: pd.DataFrame) -> Table:
    table = results.per_class[results.per_class["problem"] == problem]
    by_cell = {(row["optimizer"], row["class"]): row for row in records(table)}
    classes = list(frame["class"].drop_duplicates())
    ranked = results.ranked(problem)
    rows = tuple((results.label(name), *(_cell(by_cell[name, kind]) for kind in classes)) for name in ranked)
    return Table(
        ("optimizer", *classes),
        rows,
        "l" + "r" * len(classes),
        "Accuracy (%), in brackets the 95 % Wilson interval over the class's test images, which are counted "
        "once, however many seeds there are.",
        frozenset(place for place, name in enumerate(ranked) if name == "adam"),
    )


def _cell(found: dict[str, Any]) -> str:
    return f"{number(found['accuracy'])} ({interval(found)})"
