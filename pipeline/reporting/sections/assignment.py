"""The numbers of the assignment beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reporting import assignment as theirs
from pipeline.reporting.drawing.axes import records
from pipeline.reporting.drawing.figures import to_svg
from pipeline.reporting.items import Bullets, Heading, Item, Paragraph, Picture, Table
from pipeline.reporting.plots import assignment as plot
from pipeline.reporting.wording import counted, interval, number, points, rate, with_interval

if TYPE_CHECKING:
    from pipeline.reporting.results import Results


def build(results: Results) -> list[Item]:
    """Return the section, or nothing where Adam was not trained on CIFAR-10."""
    problems = results.settings.problems
    if theirs.PROBLEM not in problems or theirs.OPTIMIZER not in results.settings.roster(theirs.PROBLEM):
        return []
    frame = plot.data(results)
    found = results.metrics[theirs.PROBLEM][theirs.OPTIMIZER]
    ours = found["test_accuracy"]
    rows = [("all", number(theirs.OVERALL / 100), number(ours["mean"]), interval(ours), _more(ours["mean"]))]
    for row in records(frame):
        shares = {name: row[name] / 100 for name in ("assignment", "ours", "low", "high")}
        rows.append(
            (
                row["class"],
                number(shares["assignment"]),
                number(shares["ours"]),
                interval(shares),
                number(shares["ours"] - shares["assignment"]),
            )
        )
    return [
        Heading("The assignment's numbers beside ours", "assignment"),
        Paragraph(
            f"The assignment reports {number(theirs.OVERALL / 100)} % with Adam; this study's Adam reaches "
            f"{with_interval(ours)}{_apart(ours['mean'])}."
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


def _conditions(results: Results, found: dict[str, object]) -> tuple[str, ...]:
    problem = results.settings.problems[theirs.PROBLEM]
    same_length = problem.epochs == theirs.EPOCHS
    epochs = f"{theirs.EPOCHS} epochs"
    return (
        "The same: CIFAR-10 with its own test images, convolutional and fully connected layers, kernel size 2, "
        f"Adam, cross-entropy{', ' + epochs if same_length else ''}.",
        *(() if same_length else (f"Different: {problem.epochs} epochs instead of the assignment's {epochs}.",)),
        "Assumed: the layer widths (convolutions of 6 and 16 channels, dense layers of 120, 84 and 10 units). The "
        "assignment does not give them; they are those of the well-known PyTorch tutorial.",
        f"Ours, for the assignment names none of them: batches of {problem.batch_size}, a tuned learning rate "
        f"({rate(float(str(found['learning_rate'])))}), the mean of "
        f"{counted(results.seeds(theirs.PROBLEM), 'seed')} instead of one training.",
    )


def _more(mean: float | None) -> str:
    return "–" if mean is None else number(mean - theirs.OVERALL / 100)


def _apart(mean: float | None) -> str:
    if mean is None:
        return ""
    difference = mean - theirs.OVERALL / 100
    return f", {points(abs(difference))} {'more' if difference >= 0 else 'less'}"
