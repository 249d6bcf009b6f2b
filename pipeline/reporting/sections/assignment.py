"""The numbers of the assignment beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting import assignment as theirs
from pipeline.reporting.drawing.axes import records
from pipeline.reporting.items import Bullets, Folded, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.numbers_in_words import NONE, between, interval, number, rate
from pipeline.reporting.plots import assignment as plot

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.reporting.study_results import Results
    from pipeline.results.metrics import OverSeeds


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where nothing was trained as the assignment's network was."""
    frame = plot.data(results)
    reached = {
        problem: quantity
        for problem, optimizer in theirs.trainings(results).items()
        if (quantity := results.measured(problem)[optimizer].test_accuracy) is not None
    }
    if frame.empty or not reached:
        return []
    shown = "; ".join(
        f"{row['class']} {row['assignment']:.1f} in the assignment, {row['ours']:.1f} on {row['title']}"
        for row in records(frame)
    )
    return [
        Heading("The assignment's numbers beside ours", "assignment"),
        Paragraph(
            f"The assignment reports {number(theirs.accuracy(results))} % with Adam after {theirs.EPOCHS} epochs. "
            "Below is that training, repeated as far as it is described, and then the same network with Adam tuned."
        ),
        _overall(results, reached),
        Bullets(_conditions()),
        Picture(
            "assignment",
            plot.draw(frame),
            f"Accuracy per class (%): {shown}.",
            "Accuracy on every class of CIFAR-10 with Adam: the assignment, and this study with 95 % intervals.",
            "Accuracy on every class of CIFAR-10 with Adam",
        ),
        Folded("The accuracy on each class", (_per_class(results, frame, reached),)),
    ]


def _overall(results: Results, reached: dict[str, OverSeeds]) -> Table:
    """Return how each was trained, and what it reached."""
    overall, own = theirs.accuracy(results), results.settings.problems
    rows = [
        ("the assignment", "not said", str(theirs.EPOCHS), "not said", "not said", "1", number(overall), NONE, NONE)
    ]
    for problem, quantity in reached.items():
        settings = own[problem]
        rows.append(
            (
                results.title(problem),
                str(settings.batch_size),
                str(settings.epochs),
                _rate(results, problem),
                settings.schedule,
                str(results.seeds(problem)),
                number(quantity.mean),
                interval(quantity),
                NONE if quantity.mean is None else number(quantity.mean - overall),
            )
        )
    header = ("training", "batch", "epochs", "learning rate", "schedule", "seeds", "test accuracy (%)", "95 % interval")
    caption = "Adam on CIFAR-10: each training, and its test accuracy over seeds."
    return Table((*header, "more than the assignment (points)"), tuple(rows), "lrrrlrrrr", caption, frozenset({0}))


def _rate(results: Results, problem: str) -> str:
    found = results.measured(problem)[theirs.trainings(results)[problem]]
    how = "default" if results.settings.problems[problem].untuned else "tuned"
    return f"{rate(found.search.usual_setting.learning_rate)} ({how})"


def _conditions() -> tuple[str, ...]:
    return (
        "As in the assignment: CIFAR-10 with its own test images, convolutional and fully connected layers, kernel "
        "size 2, Adam, cross-entropy.",
        "Assumed: the layer widths (convolutions of 6 and 16 channels, dense layers of 120, 84 and 10 units). The "
        "assignment does not give them; they are those of the well-known PyTorch tutorial.",
        "Not said in the assignment: the batch size and the learning rate. So its training is repeated with batches of "
        "two sizes (4 is the tutorial's) at Adam's default rate, and several seeds take the place of one training.",
        "Of the 50,000 training images, 5,000 are set aside for validation here.",
    )


def _per_class(results: Results, frame: pd.DataFrame, reached: dict[str, OverSeeds]) -> Table:
    """Return the accuracies of the classes, the assignment's first."""
    rows = []
    for name, accuracy in theirs.PER_CLASS.items():
        found = {row["problem"]: row for row in records(frame[frame["class"] == name])}
        rows.append((name, f"{accuracy:.1f}", *(_class(found.get(problem)) for problem in reached)))
    mean = sum(theirs.PER_CLASS.values()) / len(theirs.PER_CLASS)
    return Table(
        ("class", "assignment (%)", *(f"{results.title(problem)} (%)" for problem in reached)),
        tuple(rows),
        "l" + "r" * (1 + len(reached)),
        f"Adam on the classes of CIFAR-10; in brackets 95 % intervals over test images. The mean of the assignment's "
        f"classes is {mean:.1f}.",
    )


def _class(row: dict[str, float] | None) -> str:
    if row is None:
        return NONE
    return f"{row['ours']:.1f} ({between(row['low'] / 100, row['high'] / 100)})"
