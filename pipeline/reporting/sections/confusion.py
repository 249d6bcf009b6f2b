"""What the champion takes for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting.drawing.axes import records
from pipeline.reporting.items import Heading, Item, Paragraph, Picture, literal
from pipeline.reporting.numbers_in_words import percent
from pipeline.reporting.plots import confusion as plot

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.reporting.study_results import Results


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where the main problem has no table of classes."""
    problem = results.main_problem
    frame = plot.data(results, problem)
    if frame.empty:
        return []
    judging = results.judging(problem)
    champion = results.champions.problems[problem]
    right = int(frame.loc[frame["actual"] == frame["predicted"], "count"].sum())
    total = int(frame["count"].sum())
    label, example = results.label(champion.optimizer), f"test {results.examples(problem)}"
    worst = _most_frequent_mistake(frame)
    return [
        Heading("What the champion confuses", "confusion"),
        Paragraph(
            f"The champion is {label}'s network of seed {champion.seed}: the best seed of the optimizer with the "
            f"{judging.best} mean *validation* {judging.noun}. On the {counted(total, example)} it is right "
            f"{counted(right, 'time')} ({percent(right / total)}).{worst}"
        ),
        Picture(
            f"confusion_{problem}",
            plot.draw(frame),
            f"Confusion matrix of {label}'s best network on {results.title(problem)}: {right:,} of {total:,} "
            f"{example}s on the diagonal.{worst}",
            f"{example.capitalize()}s by actual and predicted class; the diagonal is right.",
            f"What {label}'s best network confuses on {results.title(problem)}",
            narrow=None,
        ),
    ]


def _most_frequent_mistake(frame: pd.DataFrame) -> str:
    wrong = frame[(frame["actual"] != frame["predicted"]) & (frame["count"] > 0)]
    if wrong.empty:
        return ""
    worst = records(wrong.sort_values("count", ascending=False, kind="stable"))[0]
    return (
        f" Its most frequent mistake is to take {literal(worst['actual'])} for {literal(worst['predicted'])}: "
        f"{counted(worst['count'], 'time')}, {percent(worst['share'] / 100)} of that class."
    )
