"""The numbers of the assignment beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.project.wording import counted
from pipeline.reporting import assignment as theirs
from pipeline.reporting.drawing.axes import records
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Bullets, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import NONE, between, interval, number, points, rate, with_interval
from pipeline.reporting.plots import assignment as plot

if TYPE_CHECKING:
    from pipeline.reporting.study_results import Results
    from pipeline.results.metrics import OptimizerMetrics


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where no optimizer was trained as the assignment's was."""
    optimizer = theirs.optimizer(results)
    found = None if optimizer is None else results.measured(theirs.PROBLEM)[optimizer]
    if optimizer is None or found is None or found.test_accuracy is None:
        return []
    frame = plot.data(results)
    if frame.empty:
        return []
    label = results.label(optimizer)
    overall, ours = theirs.accuracy(results), found.test_accuracy
    more = ""
    if ours.mean is not None:
        more = f", {points(abs(ours.mean - overall))} {'more' if ours.mean >= overall else 'less'}"
    rows = [
        ("all", number(overall), number(ours.mean), interval(ours), _difference(ours.mean, overall)),
        *(
            (
                row["class"],
                number(row["assignment"] / 100),
                number(row["ours"] / 100),
                between(row["low"] / 100, row["high"] / 100),
                _difference(row["ours"] / 100, row["assignment"] / 100),
            )
            for row in records(frame)
        ),
    ]
    return [
        Heading("The assignment's numbers beside ours", "assignment"),
        Paragraph(
            f"The assignment reports {number(overall)} % with Adam; this study's {label} reaches "
            f"{with_interval(ours)}{more}."
        ),
        Bullets(_conditions(results, found)),
        Picture(
            "assignment",
            to_svg(plot.draw(frame)),
            "Accuracy per class, assignment and this study: "
            + ", ".join(f"{row['class']} {row['assignment']:.1f} and {row['ours']:.1f} %" for row in records(frame))
            + ".",
            "Accuracy on every class of CIFAR-10 with Adam, assignment and this study.",
        ),
        Table(
            ("class", "assignment (%)", "this study (%)", "95 % interval", "difference (points)"),
            tuple(rows),
            "lrrrr",
            "Adam on CIFAR-10. The interval of the first row is over seeds, of the others over test images.",
            frozenset({0}),
        ),
    ]


def _conditions(results: Results, found: OptimizerMetrics) -> tuple[str, ...]:
    problem = results.settings.problems[theirs.PROBLEM]
    same_length = problem.epochs == theirs.EPOCHS
    epochs = f"{theirs.EPOCHS} epochs"
    return (
        "The same: CIFAR-10 with its own test images, convolutional and fully connected layers, kernel size 2, "
        f"Adam, cross-entropy{', ' + epochs if same_length else ''}.",
        *(() if same_length else (f"Different: {problem.epochs} epochs instead of the assignment's {epochs}.",)),
        "Assumed: the layer widths (convolutions of 6 and 16 channels, dense layers of 120, 84 and 10 units). The "
        "assignment does not give them; they are those of the well-known PyTorch tutorial.",
        f"Our own choice, because the assignment names none of these: batches of {problem.batch_size}, a tuned "
        f"learning rate ({rate(found.learning_rate)}), the mean of {counted(results.seeds(theirs.PROBLEM), 'seed')} "
        "instead of one training.",
    )


def _difference(ours: float | None, overall: float) -> str:
    return NONE if ours is None else number(ours - overall)
